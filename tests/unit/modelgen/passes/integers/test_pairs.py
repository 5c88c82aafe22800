"""Sums, products, concatenations and softmax of integers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import Contract, Node
from modelgen.operators import IntegerAdd, IntegerMultiply, Quantize
from modelgen.passes.integers.fusion import Result, Source
from modelgen.passes.integers.pairs import has_one_type
from tests.support import decomposed
from tests.support.quantized_onnx import Scale, Writer, differences, every_pair, integers, operators

SCALES = (0.05, 100), (0.031, 50), (0.057, 97)


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@pytest.mark.parametrize(("operator", "expected"), [("Add", "fp32_add"), ("Mul", "fp32_multiply")])
def test_pairs_beside_onnx_runtime(kind: str, operator: str, expected: str) -> None:
    to = Writer(kind)
    first, second = (to.dequantize(to.integers(256, 256), scale) for scale in SCALES[:2])
    to.returns(to.quantize(to.node(operator, first, second), SCALES[2]))
    wrong, graph = differences(to.proto(), every_pair(kind))
    assert wrong == 0
    assert operators(graph) == [expected]


def test_clamped_sums_are_computed_in_fp32_as_onnx_runtime_does() -> None:
    to = Writer()
    first, second = (to.dequantize(to.integers(256, 256), scale) for scale in SCALES[:2])
    total = to.node("Relu", to.node("Add", first, second))
    to.returns(to.quantize(total, SCALES[2]))
    wrong, graph = differences(to.proto(), every_pair("uint8"))
    assert wrong == 0
    assert "fp32_add" not in operators(graph)


@pytest.mark.parametrize("result", [(0.04, 95), SCALES[0]])
def test_concatenations_beside_onnx_runtime(result: Scale) -> None:
    to = Writer()
    maps = [to.dequantize(to.integers(1, 5, 4, 4), scale) for scale in SCALES]
    to.returns(to.quantize(to.node("Concat", *maps, axis=1), result))
    wrong, graph = differences(
        to.proto(), [integers("uint8", 1, 5, 4, 4, seed=s) for s in range(3)]
    )
    assert wrong == 0
    tables = 3 if result != SCALES[0] else 2
    assert operators(graph).count("byte_table") == tables
    assert "concatenate" in operators(graph)


def test_softmax_beside_onnx_runtime() -> None:
    to = Writer()
    shares = to.node("Softmax", to.dequantize(to.integers(64, 10), (0.1, 100)), axis=-1)
    to.returns(to.quantize(shares, (1 / 256, 0)))
    wrong, graph = differences(to.proto(), [integers("uint8", 64, 10)])
    assert wrong == 0
    assert operators(graph) == ["fp32_softmax"]


class Pair(nn.Module):
    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        first = decomposed.both(x, (0.05, 3))
        return decomposed.both(self.function(first, decomposed.both(-x, (0.02, -7))), (0.04, 2))


@pytest.mark.parametrize(
    ("function", "kind"), [(torch.add, IntegerAdd), (torch.mul, IntegerMultiply)]
)
def test_pairs_of_pytorch(function: Callable[[Tensor, Tensor], Tensor], kind: type) -> None:
    graph = decomposed.graph_of(Pair(function), 6)
    (node,) = (each for each in graph.nodes if isinstance(each.operator, kind))
    assert node.operator.zero_points == (3, -7)
    values = np.random.default_rng(1).normal(0, 2, (500, 6)).astype(np.float32)
    expected = Pair(function)(torch.from_numpy(values)).numpy()
    steps = np.abs(run_graph(graph, values, 8) - expected) / np.float32(0.04)
    assert steps.max() < 1.01


@pytest.mark.parametrize(
    ("scale", "expected"),
    [((1 / 256, -128), True), ((1 / 200, -128), False), ((1 / 256, 0), False)],
)
def test_softmax_of_pytorch_has_one_scale(scale: Scale, expected: bool) -> None:
    class Shares(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return decomposed.both(torch.softmax(decomposed.both(x, (0.05, 3)), -1), scale)

    found = operators(decomposed.graph_of(Shares(), 6))
    assert ("integer_softmax" in found) is expected
    assert ("softmax" in found) is not expected


def test_onnx_runtime_wants_one_type() -> None:
    node = Node("q", Quantize(Quantization(1.0, 0)), ("x",), "q")
    result = Result(node, Quantization(1.0, 0), 128)
    sources = [Source("a", Quantization(1.0, 0), 128), Source("b", Quantization(1.0, 0), 0)]
    assert has_one_type(Contract.ONNXRUNTIME, sources[:1], result)
    assert not has_one_type(Contract.ONNXRUNTIME, sources, result)
    assert has_one_type(Contract.EXACT, sources, result)
