"""Functions of one integer as tables, beside ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from modelgen.operators import ByteTable
from tests.support import decomposed
from tests.support.quantized_onnx import LOWEST, Scale, Writer, differences, operators

FUNCTIONS: list[tuple[str, Scale, dict[str, Any]]] = [
    ("Sigmoid", (1 / 256, 0), {}),
    ("Tanh", (1 / 128, 128), {}),
    ("LeakyRelu", (0.06, 30), {"alpha": 0.1}),
    ("HardSwish", (0.05, 10), {}),
    ("HardSigmoid", (1 / 256, 0), {}),
    ("Elu", (0.05, 30), {}),
    ("Relu", (0.04, 0), {}),
    ("Relu", (0.04, 20), {}),
    ("Abs", (0.05, 0), {}),
    ("Neg", (0.05, 150), {}),
    ("Gelu", (0.05, 10), {}),
    ("Identity", (0.043, 97), {}),
]


@pytest.mark.parametrize("kind", LOWEST)
@pytest.mark.parametrize(("operator", "result", "attributes"), FUNCTIONS)
def test_beside_onnx_runtime(
    kind: str, operator: str, result: Scale, attributes: dict[str, Any]
) -> None:
    to = Writer(kind, opset=20)
    x = to.dequantize(to.integers(1, 256), (0.05, 100))
    to.returns(to.quantize(to.node(operator, x, **attributes), result))
    every = np.arange(LOWEST[kind], LOWEST[kind] + 256).astype(kind)[None]
    wrong, graph = differences(to.proto(), [every])
    assert wrong == 0
    assert operators(graph) == ["byte_table"]


class Gate(nn.Module):
    """Several functions of one tensor, and numbers."""

    def forward(self, x: Tensor) -> Tensor:
        x = decomposed.both(x, (0.04, 3))
        return decomposed.both(x * torch.clamp(x * 0.2 + 0.5, 0.0, 1.0), (0.03, -100))


def test_several_steps_are_one_table() -> None:
    graph = decomposed.graph_of(Gate(), 7)
    assert operators(graph) == ["quantize", "byte_table", "dequantize"]
    table = graph.nodes[1]
    assert isinstance(table.operator, ByteTable)
    assert table.operator.title.count(",") >= 2
    numbers = torch.arange(-128, 128).sub(3).mul(0.04)
    expected = decomposed.quantized(numbers * torch.clamp(numbers * 0.2 + 0.5, 0, 1), (0.03, -100))
    np.testing.assert_array_equal(graph.arrays(table)["table"], expected)


class PerChannel(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = decomposed.both(x, (0.04, 3))
        return decomposed.both(x * torch.arange(1.0, 4.0), (0.03, -100))


class OfTwo(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        first, second = (decomposed.both(x * sign, (0.04, 3)) for sign in (1.0, -1.0))
        return decomposed.both(torch.maximum(first, second), (0.03, -100))


@pytest.mark.parametrize("module", [PerChannel(), OfTwo()])
def test_what_depends_on_more_stays_in_fp32(module: nn.Module) -> None:
    assert "byte_table" not in operators(decomposed.graph_of(module, 3))
