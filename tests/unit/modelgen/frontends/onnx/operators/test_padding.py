"""Padding in all modes, against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, one, random

X = random(2, 3, 6, 5)


def pads(*numbers: int) -> dict[str, np.ndarray]:
    return {"pads": np.array(numbers)}


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
@pytest.mark.parametrize(
    "numbers",
    [
        (0, 0, 1, 2, 0, 0, 3, 0),
        (0, 1, 0, 0, 0, 2, 1, 0),
        (0, 0, 0, 0, 0, 0, 0, 0),
        (0, 0, -1, 2, 0, 0, 3, -2),
    ],
)
def test_modes(mode: str, numbers: tuple[int, ...]) -> None:
    compare(one("Pad", {"x": X}, pads(*numbers), mode=mode), {"x": X}, exact=True)


@pytest.mark.parametrize("shape", [(2, 3, 6), (2, 6), (2, 3, 4, 5, 6)])
@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
def test_ranks(shape: tuple[int, ...], mode: str) -> None:
    x = random(*shape)
    side = [0] * (len(shape) - 1)
    proto = one("Pad", {"x": x}, pads(*side, 1, *side, 2), opset=19, mode=mode)
    compare(proto, {"x": x}, exact=True)


def test_a_value_of_its_own() -> None:
    fixed = pads(0, 0, 1, 1, 0, 0, 1, 1) | {"value": np.array(-3.5, np.float32)}
    compare(one("Pad", {"x": X}, fixed), {"x": X}, exact=True)


def test_axes_of_its_own() -> None:
    fixed = pads(1, 2, 0, 3) | {"axes": np.array([-1, 2])}
    proto = one("Pad", {"x": X}, fixed, opset=18, order=["x", "pads", "", "axes"])
    compare(proto, {"x": X}, exact=True)


def test_padding_that_depends_on_the_input_is_refused() -> None:
    given = {"x": random(8, 3, 6, 5), "pads": np.zeros(8, np.int64)}
    with pytest.raises(ModelError, match=r"has a padding, 'pads', that depends on the model's in"):
        build(one("Pad", given))


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
def test_through_the_importer(mode: str) -> None:
    proto = one("Pad", {"x": X}, pads(0, 0, 1, 2, 0, 0, 3, 0), opset=19, mode=mode)
    imported(proto, {"x": X})
