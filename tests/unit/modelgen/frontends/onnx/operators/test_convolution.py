"""Convolutions with all paddings, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, one, random

X = random(2, 4, 9, 11)


@pytest.mark.parametrize(
    ("weight", "attributes"),
    [
        ((6, 4, 3, 3), {}),
        ((6, 4, 3, 3), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
        ((6, 4, 3, 2), {"pads": [0, 1, 2, 0], "dilations": [2, 1]}),
        ((4, 1, 3, 3), {"group": 4, "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((4, 1, 2, 4), {"group": 4, "auto_pad": "SAME_LOWER", "strides": [2, 1]}),
        ((6, 2, 3, 3), {"group": 2, "auto_pad": "SAME_UPPER"}),
        ((6, 4, 2, 2), {"auto_pad": "SAME_UPPER"}),
        ((6, 4, 2, 2), {"auto_pad": "SAME_LOWER"}),
        ((6, 4, 3, 3), {"auto_pad": "VALID", "strides": [3, 3]}),
        ((6, 4, 3, 3), {"auto_pad": "NOTSET", "pads": [2, 2, 2, 2]}),
    ],
)
@pytest.mark.parametrize("bias", [False, True])
def test_feature_maps(weight: tuple[int, ...], attributes: dict[str, Any], bias: bool) -> None:
    fixed = {"w": random(*weight, seed=2)} | ({"b": random(weight[0], seed=3)} if bias else {})
    compare(one("Conv", {"x": X}, fixed, **attributes), {"x": X})


@pytest.mark.parametrize("opset", [13, 22])
def test_sequences(opset: int) -> None:
    x, fixed = random(2, 4, 13), {"w": random(6, 4, 3, seed=2)}
    compare(one("Conv", {"x": x}, fixed, opset=opset, pads=[2, 0]), {"x": x})
    compare(one("Conv", {"x": x}, fixed, opset=opset, pads=[1, 1], strides=[2]), {"x": x})


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"strides": [2, 2]},
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
        {"strides": [2, 2], "pads": [1, 0, 0, 1]},
        {"strides": [3, 2], "pads": [0, 1, 2, 0], "output_padding": [1, 0]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
        {"strides": [2, 2], "auto_pad": "VALID"},
        {"strides": [2, 2], "output_shape": [18, 23]},
        {"strides": [2, 2], "output_shape": [18, 22], "auto_pad": "SAME_UPPER"},
        {"dilations": [2, 1], "pads": [2, 1, 2, 1]},
        {"pads": [2, 1, 0, 0]},
        {"strides": [3, 2], "pads": [2, 2, 0, 0]},
        {"strides": [4, 5], "auto_pad": "SAME_LOWER"},
        {"strides": [2, 2], "output_shape": [19, 23], "output_padding": [1, 1]},
        {"strides": [4, 4], "output_shape": [36, 44]},
    ],
)
@pytest.mark.parametrize("groups", [1, 2])
def test_transposed(attributes: dict[str, Any], groups: int) -> None:
    fixed = {"w": random(4, 3, 3, 3, seed=2), "b": random(3 * groups, seed=3)}
    compare(one("ConvTranspose", {"x": X}, fixed, group=groups, **attributes), {"x": X})


def test_transposed_of_sequences() -> None:
    x, fixed = random(2, 4, 7), {"w": random(4, 3, 4, seed=2)}
    compare(one("ConvTranspose", {"x": x}, fixed, strides=[2], pads=[1, 1]), {"x": x})


def test_names_in_the_graph_are_those_of_the_file() -> None:
    graph = imported(one("Conv", {"x": X}, {"weight": random(6, 4, 3, 3)}), {"x": X})
    assert "node" in [node.name for node in graph.nodes]
    assert graph.inputs == ("x",)


@pytest.mark.parametrize("pads", [[1, 1, 1, 1], [0, 1, 1, 0]])
def test_through_the_importer(pads: list[int]) -> None:
    imported(one("Conv", {"x": X}, {"w": random(6, 4, 3, 3, seed=2)}, pads=pads), {"x": X})


def test_more_than_a_stride_cannot_be_added() -> None:
    proto = one("ConvTranspose", {"x": X}, {"w": random(4, 3, 3, 3)}, output_shape=[20, 20])
    with pytest.raises(ModelError, match=r"Layer 'node' \(ConvTranspose\) adds 9 elements at the"):
        build(proto)
