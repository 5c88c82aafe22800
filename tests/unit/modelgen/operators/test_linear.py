"""Linear layers: the function of torch.nn in every way in which it is computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.operators import Linear
from modelgen.operators.base import Cut
from modelgen.operators.epilogue import Epilogue
from tests.support.operator_checks import check_operator, dequantized, quantized, random_values


@pytest.mark.parametrize("shape", [(1, 20), (3, 20), (2, 4, 20), (2, 3, 2, 20)], ids=str)
def test_quantized(shape: tuple[int, ...]) -> None:
    constants = quantized(7, 20)
    weight, bias = dequantized(constants)

    def reference(x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, weight, bias)

    check_operator(Linear(), [random_values(*shape)], reference, constants)


def test_an_epilogue_with_an_operand() -> None:
    constants = quantized(7, 20)
    weight, bias = dequantized(constants)

    def reference(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return torch.relu(functional.linear(x, weight, bias) + other)

    operator = Linear(Epilogue(residual=True, low=0.0))
    check_operator(operator, [random_values(3, 20), random_values(3, 7)], reference, constants)


@pytest.mark.parametrize("bias", [True, False])
def test_floating_point_weights_are_those_of_the_module(bias: bool) -> None:
    module = nn.Linear(20, 7, bias=bias)
    constants = {name: value.detach() for name, value in module.named_parameters()}
    values = torch.from_numpy(random_values(3, 20))
    got = Linear().evaluate_float([values], constants)
    torch.testing.assert_close(got, module(values).detach())


def test_slices_are_added_in_the_order_of_the_cut() -> None:
    """2^30 and -2^30 take each other away; what is added between them is rounded off."""
    values = np.array([[2.0**30, 1.0, -(2.0**30)]], np.float32)
    constants = {
        "weight": np.ones((1, 3), np.int8),
        "scale": np.ones(1, np.float32),
        "bias": np.zeros(1, np.float32),
    }

    def sum_of(*order: int) -> float:
        cut = Cut(8, [np.array([index]) for index in order])
        return Linear().evaluate_exact([values], constants, cut).item()

    assert sum_of(0, 1, 2) == 0.0
    assert sum_of(0, 2, 1) == 1.0


def test_description() -> None:
    assert Linear().describe() == "linear"
    assert Linear(Epilogue(low=0.0)).describe() == "linear, ReLU"


def test_the_cpu_has_no_kernel() -> None:
    assert Linear().kernel([(1, 20)], {}) is None
