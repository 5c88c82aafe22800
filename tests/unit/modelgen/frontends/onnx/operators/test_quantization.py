"""QuantizeLinear and DequantizeLinear, against ONNX Runtime; and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest

from modelgen.arithmetic.integer.quantization import Division, Quantization
from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from modelgen.operators import Dequantize, Quantize
from tests.support.quantized_onnx import Writer, differences, graph_of, integers

TIES = (np.arange(-600, 600) * np.float32(0.05)).astype(np.float32)[None]


@pytest.mark.parametrize(("kind", "offset"), [("uint8", 128), ("int8", 0)])
@pytest.mark.parametrize("opset", [13, 19, 21, 23])
def test_quantize(kind: str, offset: int, opset: int) -> None:
    to = Writer(kind, opset)
    to.returns(to.quantize(to.input(1, 1200), (0.1, 131)))
    wrong, graph = differences(to.proto(), [TIES])
    assert wrong == 0
    (node,) = graph.nodes
    scale = Quantization(float(np.float32(0.1)), 3)
    assert node.operator == Quantize(scale, Division.TIES_EVEN, offset)


@pytest.mark.parametrize(("kind", "offset"), [("uint8", 128), ("int8", 0)])
def test_dequantize(kind: str, offset: int) -> None:
    to = Writer(kind)
    to.returns(to.dequantize(to.integers(1, 300), (0.1, 131)), kind="float32")
    wrong, graph = differences(to.proto(), [integers(kind, 1, 300)])
    assert wrong == 0
    assert graph.nodes[0].operator == Dequantize(Quantization(float(np.float32(0.1)), 3), offset)


def test_zero_points_may_be_left_out() -> None:
    to = Writer()
    scale = to.fixed(np.float32(0.1))
    to.returns(to.node("QuantizeLinear", to.input(1, 1200), scale))
    assert differences(to.proto(), [TIES])[0] == 0


def test_nan_is_the_lowest_integer() -> None:
    # ONNX leaves it open.
    to = Writer("int8")
    to.returns(to.quantize(to.input(1, 3), (0.1, 131)))
    network = build(to.proto())
    import torch

    found = network.module(torch.tensor([[float("nan"), float("inf"), -float("inf")]]))
    assert found.tolist() == [[-128, 127, -128]]


def of_several(to: Writer) -> None:
    scales = to.fixed(np.full(3, 0.1, np.float32)), to.fixed(np.zeros(3, to.kind))
    to.returns(to.node("QuantizeLinear", to.input(1, 3), *scales))


def dequantized_per_channel(to: Writer) -> None:
    scales = to.fixed(np.full(3, 0.1, np.float32)), to.fixed(np.zeros(3, to.kind))
    to.returns(to.node("DequantizeLinear", to.integers(1, 3), *scales), kind="float32")


def of_16_bits(to: Writer) -> None:
    scale = to.fixed(np.float32(0.1)), to.fixed(np.array(0, np.uint16))
    to.returns(to.node("QuantizeLinear", to.input(1, 3), *scale), kind="uint16")


def of_blocks(to: Writer) -> None:
    scale = to.fixed(np.ones((1, 2), np.float32)), to.fixed(np.zeros((1, 2), to.kind))
    to.returns(to.node("QuantizeLinear", to.input(1, 4), *scale, axis=1, block_size=2))


def of_half_precision(to: Writer) -> None:
    scale = to.fixed(np.float16(0.1)), to.fixed(np.array(0, to.kind))
    x = to.node("Cast", to.input(1, 3), to=onnx.TensorProto.FLOAT16)
    to.returns(to.node("QuantizeLinear", x, *scale))


def dynamic(to: Writer) -> None:
    x = to.input(1, 3)
    scale = to.node("ReduceMax", x, keepdims=0)
    to.returns(to.node("QuantizeLinear", x, scale))


def without_a_scale(to: Writer) -> None:
    to.returns(to.quantize(to.input(1, 3), (0.0, 3)))


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (of_several, r"\(QuantizeLinear\) quantizes activations per channel, which is not"),
        (dequantized_per_channel, r"\(DequantizeLinear\) has activations with a scale per channel"),
        (of_16_bits, r"\(QuantizeLinear\) quantizes activations to uint16, which is not supported"),
        (of_blocks, r"\(QuantizeLinear\) has a scale for each block of values"),
        (of_half_precision, "Cast.*FLOAT16|float16"),
        (
            dynamic,
            r"\(QuantizeLinear\) has a scale or zero point that depends on the model's input",
        ),
        (without_a_scale, r"\(QuantizeLinear\) has a scale that is not a positive number"),
    ],
)
def test_refused(write: Callable[[Writer], None], reason: str) -> None:
    to = Writer("int8", 21)
    write(to)
    with pytest.raises(ModelError, match=reason):
        build(to.proto())


def test_integers_that_anything_else_reads_are_refused() -> None:
    to = Writer("uint8")
    to.returns(to.node("Add", *[to.integers(1, 3)] * 2))
    with pytest.raises(ModelError, match="has elements of the type UINT8; supported: FLOAT"):
        graph_of(to.proto())
