"""Quantized operators, and what they stand for, beside ONNX Runtime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.quantized import in_long_form
from tests.support.quantized_onnx import (
    LOWEST,
    Scale,
    Writer,
    differences,
    graph_of,
    integers,
    operators,
)

GIVEN, OTHER, OWN = (0.05, 100), (0.031, 50), (0.21, 97)
GENERATOR = np.random.default_rng(5)


def scale(to: Writer, values: Scale) -> tuple[str, str]:
    return to.fixed(np.float32(values[0])), to.zero(values)


def of_weights(to: Writer, count: int) -> tuple[str, str]:
    scales = np.linspace(0.001, 0.02, count, dtype=np.float32)
    return to.fixed(scales), to.fixed(np.zeros(count, np.int8))


def weights(to: Writer, *shape: int) -> str:
    return to.fixed(GENERATOR.integers(-127, 128, shape).astype(np.int8))


def bias(to: Writer, count: int) -> str:
    return to.fixed(GENERATOR.integers(-9999, 9999, count).astype(np.int32))


def convolution(to: Writer) -> tuple[int, ...]:
    shape = (1, 4, 9, 9)
    inputs = [to.integers(*shape), *scale(to, GIVEN), weights(to, 6, 2, 3, 3), *of_weights(to, 6)]
    attributes: dict[str, Any] = {"group": 2, "pads": [1] * 4, "strides": [2, 2]}
    to.returns(to.node("QLinearConv", *inputs, *scale(to, OWN), bias(to, 6), **attributes))
    return shape


def product(to: Writer) -> tuple[int, ...]:
    inputs = [to.integers(7, 20), *scale(to, GIVEN), weights(to, 20, 6), *of_weights(to, 6)]
    to.returns(to.node("QLinearMatMul", *inputs, *scale(to, OWN)))
    return 7, 20


def gemm(to: Writer) -> tuple[int, ...]:
    inputs = [to.integers(7, 20), *scale(to, GIVEN), weights(to, 6, 20), *of_weights(to, 6)]
    inputs += [bias(to, 6), *scale(to, OWN)]
    to.returns(to.node("QGemm", *inputs, domain="com.microsoft", transB=1))
    return 7, 20


def gemm_to_numbers(to: Writer) -> tuple[int, ...]:
    inputs = [to.integers(7, 20), *scale(to, GIVEN), weights(to, 20, 6), *of_weights(to, 6)]
    to.returns(to.node("QGemm", *inputs, domain="com.microsoft"), kind="float32")
    return 7, 20


def function(
    operator: str, result: Scale, *shape: int, **attributes: Any
) -> Callable[[Writer], Any]:
    def write(to: Writer) -> tuple[int, ...]:
        inputs = to.integers(*shape), *scale(to, GIVEN), *scale(to, result)
        to.returns(to.node(operator, *inputs, domain="com.microsoft", **attributes))
        return shape

    return write


def pair(operator: str) -> Callable[[Writer], Any]:
    def write(to: Writer) -> tuple[int, ...]:
        x = to.integers(1, 4, 9, 9)
        inputs = x, *scale(to, GIVEN), x, *scale(to, OTHER), *scale(to, OWN)
        to.returns(to.node(operator, *inputs, domain="com.microsoft"))
        return 1, 4, 9, 9

    return write


def concatenation(to: Writer) -> tuple[int, ...]:
    x = to.integers(1, 4, 9, 9)
    inputs = *scale(to, OWN), x, *scale(to, GIVEN), x, *scale(to, OTHER)
    to.returns(to.node("QLinearConcat", *inputs, domain="com.microsoft", axis=1))
    return 1, 4, 9, 9


def moved(to: Writer) -> tuple[int, ...]:
    """Operators that work on integers as they are."""
    inputs = to.integers(1, 4, 9, 9), *scale(to, GIVEN), *scale(to, GIVEN)
    x = to.node("QLinearSigmoid", *inputs, domain="com.microsoft")
    x = to.node("MaxPool", x, kernel_shape=[2, 2])
    x = to.node("Pad", x, to.fixed(np.array([0, 0, 1, 0, 0, 0, 0, 2])), to.zero(GIVEN))
    x = to.node("Transpose", x, perm=[0, 2, 1, 3])
    to.returns(to.node("Reshape", x, to.fixed(np.array([1, -1]))))
    return 1, 4, 9, 9


MAPS = {
    convolution: "integer_conv2d",
    function("QLinearGlobalAveragePool", OTHER, 1, 4, 9, 9, channels_last=0): "fp32_mean",
    function("QLinearAveragePool", OTHER, 1, 4, 9, 9, kernel_shape=[3, 3]): "fp32_avg_pool2d",
    pair("QLinearAdd"): "fp32_add",
    pair("QLinearMul"): "fp32_multiply",
    concatenation: "concatenate",
    moved: "pad",
}
"""What adds operators on maps, one at a time, to a model -> one of them in its graph."""
ROWS = {
    product: "integer_linear",
    gemm: "integer_linear",
    function("QLinearSigmoid", (1 / 256, 0), 7, 9): "byte_table",
    function("QLinearLeakyRelu", OTHER, 7, 9, alpha=0.1): "byte_table",
    function("QLinearSoftmax", (1 / 256, 0), 7, 9, axis=-1, opset=13): "fp32_softmax",
}
"""The same with rows of numbers."""


@pytest.mark.parametrize("kind", LOWEST)
@pytest.mark.parametrize("parts", [MAPS, ROWS], ids=["maps", "rows"])
def test_beside_onnx_runtime(kind: str, parts: dict[Callable[[Writer], Any], str]) -> None:
    # In one model, as it takes long to make graphs of many.
    to = Writer(kind)
    inputs = [integers(kind, *write(to)) for write in parts]
    wrong, graph = differences(to.proto(), inputs)
    assert wrong == 0
    found = Counter(operators(graph))
    assert not Counter(parts.values()) - found
    assert not {"quantize", "dequantize"} & set(found)


def test_results_may_be_numbers() -> None:
    to = Writer()
    gemm_to_numbers(to)
    proto = to.proto()
    names = [node.op_type for node, _ in in_long_form(proto, values_of(proto))]
    assert names == ["DequantizeLinear", "DequantizeLinear", "Gemm"]


def values_of(proto: Any) -> dict[str, np.ndarray]:
    return {each.name: onnx.numpy_helper.to_array(each) for each in proto.graph.initializer}


def kinds_in_long_form(to: Writer) -> set[str]:
    proto, found = to.proto(), set()
    fixed = values_of(proto)
    for node, _ in in_long_form(proto, fixed):
        if node.op_type == "Constant":
            fixed[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type.endswith("Linear"):
            zero = fixed[node.input[2]]
            found.add(f"{zero.dtype} {zero}")
    return found


def test_int8_becomes_uint8_where_onnx_runtime_makes_it_that() -> None:
    to = Writer("int8")
    once = to.node("Relu", to.both(to.input(1, 4), (0.05, 100)))
    to.returns(once, kind="float32")
    assert kinds_in_long_form(to) == {"uint8 100"}
    twice = Writer("int8")
    x = twice.both(twice.input(1, 4), (0.05, 100))
    twice.returns(twice.node("Relu", x), twice.node("Neg", x), kind="float32")
    assert kinds_in_long_form(twice) == {"int8 -28"}
    returned = Writer("int8")
    integers_of = returned.quantize(returned.input(1, 4), (0.05, 100))
    returned.returns(integers_of)
    assert kinds_in_long_form(returned) == {"int8 -28"}


def test_names_are_those_of_the_file() -> None:
    to = Writer()
    convolution(to)
    _, graph = differences(to.proto(), [integers("uint8", 1, 4, 9, 9)])
    (name,) = (node.name for node in graph.nodes if node.operator.name == "integer_conv2d")
    assert name.startswith("QLinearConv_t")


def test_incomplete_nodes_are_left_to_be_refused() -> None:
    to = Writer()
    x = to.integers(1, 4, 9, 9)
    to.returns(to.node("QLinearConv", x, *scale(to, GIVEN)))
    with pytest.raises(ModelError, match="QLinearConv"):
        graph_of(to.proto())


def test_scales_that_depend_on_the_input_are_refused() -> None:
    to = Writer()
    shape = (1, 4, 9, 9)
    computed = to.node("ReduceMax", to.input(1, 3), keepdims=0)
    inputs = [to.integers(*shape), computed, to.zero(GIVEN)]
    inputs += [weights(to, 6, 4, 3, 3), *of_weights(to, 6)]
    to.returns(to.node("QLinearConv", *inputs, *scale(to, OWN), bias(to, 6)))
    with pytest.raises(ModelError, match="QLinearConv"):
        graph_of(to.proto())
