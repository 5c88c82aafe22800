"""Convolutions and linear layers on integers, beside ONNX Runtime and in PyTorch's form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modelgen.arithmetic.integer.channel_forms import ENGINE
from modelgen.arithmetic.integer.forms import requantization_forms
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Requantization, Rounding
from modelgen.ir.graph import Contract, Graph
from modelgen.operators import IntegerConv2d, IntegerLinear
from modelgen.passes.integers.products import ROUNDINGS, _factors
from tests.support import decomposed
from tests.support.quantized_onnx import Writer, differences, graph_of, integers, operators

GENERATOR = np.random.default_rng(5)


def weights(*shape: int) -> np.ndarray:
    return GENERATOR.integers(-127, 128, shape).astype(np.int8)


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("group", [1, 2, 8])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("relu", [True, False])
def test_convolutions_beside_onnx_runtime(
    per_channel: bool, group: int, bias: bool, relu: bool
) -> None:
    to, scale = Writer(), np.float32(0.05)
    scales = np.linspace(0.001, 0.02, 16, dtype=np.float32) if per_channel else np.float32(0.007)
    x = to.dequantize(to.integers(1, 8, 13, 12), (0.05, 100))
    inputs = [x, to.weight(weights(16, 8 // group, 3, 2), scales)]
    if bias:
        numbers = GENERATOR.integers(-9999, 9999, 16).astype(np.int32)
        inputs.append(to.weight(numbers, scales * scale))
    y = to.node("Conv", *inputs, pads=[1, 0, 1, 0], strides=[2, 1], group=group)
    to.returns(to.quantize(to.node("Relu", y) if relu else y, (0.21, 0 if relu else 100)))
    wrong, graph = differences(to.proto(), [integers("uint8", 1, 8, 13, 12)])
    assert wrong == 0
    assert operators(graph) == ["integer_conv2d", "permute"]


def test_onnx_runtime_computes_clamped_sums_in_fp32() -> None:
    """Unless the clamp is the end of the integers' range."""
    to = Writer()
    x = to.dequantize(to.integers(1, 16, 40, 40), (0.05, 100))
    y = to.node("Relu", to.node("Conv", x, to.weight(weights(16, 16, 3, 3), np.float32(0.003))))
    to.returns(to.quantize(y, (0.21, 100)))
    wrong, graph = differences(to.proto(), [integers("uint8", 1, 16, 40, 40)])
    # Of 23,104.
    assert wrong < 20
    assert operators(graph) == ["integer_conv2d", "permute"]


@pytest.mark.parametrize("operator", ["Gemm", "MatMul"])
@pytest.mark.parametrize("per_channel", [True, False])
def test_products_beside_onnx_runtime(operator: str, per_channel: bool) -> None:
    to = Writer()
    scales = np.linspace(0.001, 0.02, 40, dtype=np.float32) if per_channel else np.float32(0.007)
    weight = to.weight(weights(64, 40), scales, axis=1)
    y = to.node(operator, to.dequantize(to.integers(9, 64), (0.05, 100)), weight)
    to.returns(to.quantize(y, (0.41, 100)))
    wrong, graph = differences(to.proto(), [integers("uint8", 9, 64)])
    assert wrong == 0
    assert operators(graph) == ["integer_linear"]


@pytest.mark.parametrize(("zero", "fused"), [(128, True), (3, False)])
def test_unsigned_weights(zero: int, fused: bool) -> None:
    to = Writer()
    values = GENERATOR.integers(0, 256, (5, 8, 3, 3)).astype(np.uint8)
    x = to.dequantize(to.integers(1, 8, 6, 6), (0.05, 100))
    y = to.node("Conv", x, to.weight(values, np.float32(0.004), zero=zero))
    to.returns(to.quantize(y, (0.61, 120)))
    graph = graph_of(to.proto())
    # Weights without their zero point may need 9 bits.
    assert ("integer_conv2d" in operators(graph)) is fused


class Layers(nn.Module):
    """A convolution with ReLU, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels, self.matrix = decomposed.Weight(6, 3, 3, 3), decomposed.Weight(5, 24)
        self.bias = nn.Parameter(torch.linspace(-1.0, 1.0, 6))

    def forward(self, x: Tensor) -> Tensor:
        x = decomposed.both(x, (0.02, 5))
        x = F.relu(F.conv2d(x, self.kernels(), self.bias, stride=2))
        x = decomposed.both(x, (0.03, -128)).flatten(1)
        return decomposed.both(F.linear(x, self.matrix()), (0.05, 3))


def test_layers_of_pytorch() -> None:
    graph = decomposed.graph_of(Layers(), 3, 6, 6)
    convolution, linear = (
        next(node for node in graph.nodes if isinstance(node.operator, kind))
        for kind in (IntegerConv2d, IntegerLinear)
    )
    assert convolution.operator.requantization.rounding is Rounding.SINGLE
    assert graph.contract is Contract.EXACT
    bias = graph.arrays(convolution)["bias"]
    units = 0.02 * Layers().kernels.scales.numpy().astype(np.float64)
    np.testing.assert_array_equal(bias, np.rint(np.linspace(-1.0, 1.0, 6) / units))
    assert not graph.arrays(linear)["bias"].any()
    assert _steps_apart(graph, Layers()) <= 1


def _steps_apart(graph: Graph, module: nn.Module) -> int:
    """Return by how many steps of the result's scale a graph and a module differ at most."""
    values = np.random.default_rng(2).normal(size=(20, 3, 6, 6)).astype(np.float32)
    expected = module(torch.from_numpy(values)).detach().numpy()
    found = decomposed.results(graph, values)
    steps = (found - expected) / np.float32(0.05)
    assert np.abs(found).max() > 1.0
    # PyTorch does not round the bias.
    assert (steps != 0).mean() < 0.05
    return int(np.rint(np.abs(steps)).max())


def test_sums_that_may_overflow_stay_in_fp32() -> None:
    class Overflows(nn.Module):
        def __init__(self, steps: float) -> None:
            super().__init__()
            self.weight = decomposed.Weight(2, 4)
            self.bias = nn.Parameter(self.weight.scales * 1e-6 * steps)

        def forward(self, x: Tensor) -> Tensor:
            x = decomposed.both(x, (1e-6, 0))
            return decomposed.both(F.linear(x, self.weight(), self.bias), (1.0, 0))

    def is_on_integers(steps: float) -> bool:
        return "integer_linear" in operators(decomposed.graph_of(Overflows(steps), 4))

    assert is_on_integers(2.0**30)
    # The bias alone, or with the products.
    assert not is_on_integers(2.0**32)
    assert not is_on_integers(2.0**31 - 2000)


def test_every_contract_has_a_rounding() -> None:
    assert ROUNDINGS == {
        Contract.ONNXRUNTIME: Rounding.HALF_EVEN,
        Contract.EXACT: Rounding.SINGLE,
    }


def test_every_rounding_of_ours_has_a_form_on_the_engine() -> None:
    """Also with the widest sums, which tell the most multipliers apart."""
    channels = 256
    scales = np.random.default_rng(7).uniform(1e-4, 1e-3, channels).astype(np.float32)
    factors = _factors(Rounding.SINGLE, scales, Quantization(0.031, 5), Quantization(0.57, -128))
    np.testing.assert_allclose(factors, scales.astype(np.float64) * 0.031 / 0.57, rtol=2.0**-24)
    constants = Rounding.SINGLE.constants(factors)
    widest = np.full(channels, ENGINE.largest_sum)
    rule = Requantization(Rounding.SINGLE, -128)
    assert requantization_forms(rule, constants, -widest, widest).exact.all()
