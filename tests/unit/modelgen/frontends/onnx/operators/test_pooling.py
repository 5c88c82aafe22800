"""Poolings with all paddings, against ONNX Runtime."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, newer_runtime, one, random

X = random(2, 3, 9, 10)
WINDOWS = [
    {"kernel_shape": [2, 2]},
    {"kernel_shape": [2, 2], "strides": [2, 2]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [3, 2], "strides": [2, 3], "pads": [0, 1, 2, 0]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1]},
    {"kernel_shape": [2, 3], "strides": [3, 3]},
    {"kernel_shape": [5, 5], "strides": [4, 4], "pads": [2, 2, 2, 2]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"kernel_shape": [2, 4], "strides": [2, 3], "auto_pad": "SAME_LOWER"},
    {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "VALID"},
]


@pytest.mark.parametrize("attributes", [*WINDOWS, {"kernel_shape": [2, 2], "dilations": [3, 2]}])
@pytest.mark.parametrize("ceil", [0, 1])
def test_maxima(attributes: dict[str, Any], ceil: int) -> None:
    if ceil and "auto_pad" in attributes:
        return
    proto = one("MaxPool", {"x": X}, **attributes, ceil_mode=ceil)
    compare(proto, {"x": X}, exact=True)


@newer_runtime
@pytest.mark.parametrize("attributes", WINDOWS)
@pytest.mark.parametrize(("ceil", "includes"), list(product([0, 1], [0, 1])))
@pytest.mark.parametrize("opset", [13, 19])
def test_averages(attributes: dict[str, Any], ceil: int, includes: int, opset: int) -> None:
    if ceil and "auto_pad" in attributes:
        return
    chosen = {**attributes, "ceil_mode": ceil, "count_include_pad": includes}
    compare(one("AveragePool", {"x": X}, opset=opset, **chosen), {"x": X})


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
def test_sequences(operator: str) -> None:
    x = random(2, 3, 11)
    for pads in ([0, 0], [1, 1], [0, 1]):
        proto = one(operator, {"x": x}, kernel_shape=[3], strides=[2], pads=pads)
        compare(proto, {"x": x})


@pytest.mark.parametrize("operator", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("shape", [(2, 3, 9, 10), (2, 3, 7)])
def test_whole_maps(operator: str, shape: tuple[int, ...]) -> None:
    x = random(*shape)
    compare(one(operator, {"x": x}), {"x": x})
    imported(one(operator, {"x": x}), {"x": x})


def test_what_is_refused() -> None:
    indices = one("MaxPool", {"x": X}, outputs=["y", "i"], kernel_shape=[2, 2])
    with pytest.raises(ModelError, match=r"Layer 'node' \(MaxPool\) returns indices"):
        build(indices)
    dilated = one("AveragePool", {"x": X}, opset=19, kernel_shape=[2, 2], dilations=[2, 2])
    with pytest.raises(ModelError, match="has dilations; only"):
        build(dilated)
    same = one("MaxPool", {"x": X}, kernel_shape=[2, 2], dilations=[2, 2], auto_pad="SAME_UPPER")
    with pytest.raises(ModelError, match="has dilations and an auto_pad of 'SAME_UPPER'"):
        build(same)


@pytest.mark.parametrize("operator", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("pads", [[1, 1, 1, 1], [0, 0, 1, 1]])
def test_through_the_importer(operator: str, pads: list[int]) -> None:
    proto = one(operator, {"x": X}, kernel_shape=[3, 3], strides=[2, 2], pads=pads)
    imported(proto, {"x": X})
