"""Quantize and Dequantize in PyTorch."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.arithmetic.integer.quantization import Division, Quantization
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.operators import Dequantize, Quantize
from modelgen.quantize.activations.simulation import each_inference, rounded, simulate

SCALE = Quantization(0.25, -3)
TENSORS = {
    "x": Tensor("x", (1, 5)),
    "q": Tensor("q", (1, 5), ElementType.INT8, SCALE),
    "y": Tensor("y", (1, 5)),
}
NODES = (
    Node("q", Quantize(SCALE, Division.TIES_EVEN), ("x",), "q"),
    Node("y", Dequantize(SCALE), ("q",), "y"),
)
GRAPH = Graph(("x",), ("y",), 1, NODES, TENSORS, {})


def test_values_are_those_of_the_operators() -> None:
    values = np.array([[-100.0, -0.3, 0.125, 0.4, 100.0]], np.float32)
    found = simulate(GRAPH, {}, {"x": torch.from_numpy(values)})
    integers = SCALE.quantize(values, Division.TIES_EVEN)
    np.testing.assert_array_equal(found["q"].numpy(), integers)
    np.testing.assert_array_equal(found["y"].numpy(), SCALE.dequantize(integers))


def test_gradients_pass_where_values_are_in_range() -> None:
    values = torch.tensor([[-100.0, -0.3, 0.1, 0.4, 100.0]], requires_grad=True)
    simulate(GRAPH, {}, {"x": values})["y"].sum().backward()
    assert values.grad is not None
    np.testing.assert_allclose(values.grad.numpy(), [[0.0, 1.0, 1.0, 1.0, 0.0]])


def test_many_inferences_at_a_time() -> None:
    values = torch.arange(10.0).reshape(2, 1, 5)
    found = each_inference(GRAPH, {})({"x": values})
    assert found["y"].shape == (2, 1, 5)
    np.testing.assert_array_equal(found["y"].numpy(), values.numpy())


def test_rounded() -> None:
    assert rounded(torch.tensor([0.5, 1.5, 9.0, -9.0]), -7, 7).tolist() == [0.0, 2.0, 7.0, -7.0]
