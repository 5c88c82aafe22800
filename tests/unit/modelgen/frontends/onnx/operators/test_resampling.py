"""Changes of size in all modes, against ONNX Runtime."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, newer_runtime, one, random

X = random(2, 3, 5, 7)
ALL = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
LINEAR = ["half_pixel", "pytorch_half_pixel", "align_corners"]
SCALES = [[1, 1, 2, 2], [1, 1, 3, 1.5], [1, 1, 0.6, 0.7], [1, 1, 1.3, 1]]
SIZES = [[2, 3, 10, 14], [2, 3, 3, 11], [2, 3, 1, 7], [2, 3, 4, 4]]


def resize(fixed: dict[str, Any], opset: int = 18, **attributes: Any) -> Any:
    kinds = {"scales": np.float32, "sizes": np.int64}
    arrays = {name: np.array(given, kinds[name]) for name, given in fixed.items()}
    order = ["x", "", "scales"] if "scales" in fixed else ["x", "", "", "sizes"]
    return one("Resize", {"x": X}, arrays, opset=opset, order=order, **attributes)


@newer_runtime
@pytest.mark.parametrize("given", [{"scales": s} for s in SCALES] + [{"sizes": s} for s in SIZES])
@pytest.mark.parametrize(
    ("mode", "rounding"),
    list(product(ALL, ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])),
)
def test_nearest(given: dict[str, Any], mode: str, rounding: str) -> None:
    attributes = {"coordinate_transformation_mode": mode, "nearest_mode": rounding}
    # Opset 19 defines half_pixel_symmetric.
    compare(resize(given, 19, **attributes), {"x": X}, exact=True)


@newer_runtime
@pytest.mark.parametrize(
    ("size", "scale", "mode", "rounding"),
    [
        (7, 4 / 7, "asymmetric", "round_prefer_ceil"),
        (20, 1.3, "half_pixel", "round_prefer_floor"),
        (46, 28 / 46, "asymmetric", "round_prefer_floor"),
        (5, 0.6, "half_pixel_symmetric", "floor"),
    ],
)
def test_places_between_two_pixels(size: int, scale: float, mode: str, rounding: str) -> None:
    x = random(1, 1, size)
    attributes = {"coordinate_transformation_mode": mode, "nearest_mode": rounding}
    fixed = {"scales": np.array([1, 1, scale], np.float32)}
    proto = one("Resize", {"x": x}, fixed, opset=19, order=["x", "", "scales"], **attributes)
    compare(proto, {"x": x}, exact=True)


@pytest.mark.parametrize("given", [{"scales": s} for s in SCALES] + [{"sizes": s} for s in SIZES])
@pytest.mark.parametrize("mode", LINEAR)
@pytest.mark.parametrize("opset", [13, 18])
def test_linear(given: dict[str, Any], mode: str, opset: int) -> None:
    if mode == "pytorch_half_pixel" and given.get("sizes", [2])[2:3] == [1]:
        return
    attributes = {"coordinate_transformation_mode": mode, "mode": "linear"}
    compare(resize(given, opset, **attributes), {"x": X})


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_maps_that_keep_their_size_stay_as_they_are(mode: str) -> None:
    proto = resize({"scales": [1, 1, 1.1, 1.1]}, mode=mode, nearest_mode="ceil")
    compare(proto, {"x": X}, exact=True)


def test_linear_of_sequences() -> None:
    x = random(2, 3, 7)
    fixed = {"scales": np.array([1, 1, 2.5], np.float32)}
    proto = one("Resize", {"x": x}, fixed, order=["x", "", "scales"], mode="linear")
    compare(proto, {"x": x})


@newer_runtime
def test_axes_of_its_own() -> None:
    compare(resize({"sizes": [9, 10]}, axes=[3, 2]), {"x": X}, exact=True)
    compare(resize({"scales": [2, 3]}, axes=[-2, -1], mode="linear"), {"x": X})


@pytest.mark.parametrize(
    ("given", "attributes", "message"),
    [
        ({"scales": [1, 1, 2, 2]}, {"mode": "cubic"}, "has the mode 'cubic'"),
        (
            {"scales": [1, 1, 2, 2]},
            {"mode": "linear", "coordinate_transformation_mode": "asymmetric"},
            "coordinate_transformation_mode 'asymmetric', which PyTorch does not have",
        ),
        (
            {"sizes": [2, 3, 1, 7]},
            {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"},
            "coordinate_transformation_mode 'pytorch_half_pixel', which PyTorch does not have",
        ),
        (
            {"sizes": [2, 3, 4, 4]},
            {"coordinate_transformation_mode": "tf_crop_and_resize"},
            "coordinate_transformation_mode 'tf_crop_and_resize'; supported: half_pixel",
        ),
        ({"sizes": [2, 3, 4, 4]}, {"mode": "linear", "antialias": 1}, "has the antialias '1'"),
        ({"scales": [1, 2, 2, 2]}, {"mode": "linear"}, "is linear over other dimensions"),
        ({"scales": [1, 1, 1.1, 2]}, {"mode": "linear"}, "a scale of 1.1 along dimension 2"),
    ],
)
def test_what_is_refused(given: dict[str, Any], attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        build(resize(given, **attributes))


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("given", [{"scales": [1, 1, 2, 2]}, {"sizes": [2, 3, 3, 11]}])
def test_through_the_importer(mode: str, given: dict[str, Any]) -> None:
    imported(resize(given, mode=mode), {"x": X})


def test_gigantic_sizes_are_refused() -> None:
    sizes = {"e": np.zeros(0, np.float32), "s": np.array([1, 3, 1 << 40, 4])}
    proto = one("Resize", {"x": random(1, 3, 4, 4)}, sizes, order=["x", "", "", "s"])
    with pytest.raises(ModelError, match="gives the shape 1x3x1099511627776x4, of more than"):
        build(proto)
