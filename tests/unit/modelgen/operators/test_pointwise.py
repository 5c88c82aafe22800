"""Element-wise layers: batch-norm, sums and activations of torch.nn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.operators import Pointwise
from modelgen.operators.base import Cut
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.table_functions import TABLE_FUNCTIONS
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)


def test_scale_and_bias_of_a_batch_norm() -> None:
    module = nn.BatchNorm2d(5).double().eval()
    module.running_mean.copy_(torch.linspace(-1, 1, 5))
    module.running_var.copy_(torch.linspace(0.5, 2, 5))
    scale = torch.rsqrt(module.running_var + module.eps)
    constants = {
        "scale": scale.numpy().astype(np.float32),
        "bias": (-module.running_mean * scale).numpy().astype(np.float32),
    }
    values = random_values(2, 3, 4, 5)
    wide = {role: torch.from_numpy(value).double() for role, value in constants.items()}
    check_operator(Pointwise(), [values], lambda x: x * wide["scale"] + wide["bias"], constants)
    normal = channels_last(module(channels_first(torch.from_numpy(values).double())))
    got = Pointwise().evaluate_exact([values], constants, Cut(8))
    np.testing.assert_allclose(got, normal.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 4, 5)], ids=str)
def test_a_sum_with_an_activation(shape: tuple[int, ...]) -> None:
    def reference(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return functional.leaky_relu(x + other, 0.125)

    operator = Pointwise(Epilogue(residual=True, slope=0.125))
    check_operator(operator, [random_values(*shape), random_values(*shape, seed=1)], reference)


FUNCTIONS = {
    "erf": torch.erf,
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU("tanh"),
    "hardswish": nn.Hardswish(),
    "mish": nn.Mish(),
    "sigmoid": nn.Sigmoid(),
    "silu": nn.SiLU(),
    "tanh": nn.Tanh(),
}


@pytest.mark.parametrize("name", TABLE_FUNCTIONS)
def test_functions_by_a_table(name: str) -> None:
    values = 3 * random_values(2, 3, 4, 5)
    check_operator(Pointwise(Epilogue(function=name)), [values], FUNCTIONS[name])


@pytest.mark.parametrize("epilogue", [Epilogue(product=True), Epilogue(product=True, low=0.0)])
def test_a_product(epilogue: Epilogue) -> None:
    def reference(x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        product = x * other
        return product if epilogue.low is None else product.clamp(epilogue.low)

    values = [random_values(3, 5), random_values(3, 5, seed=1)]
    check_operator(Pointwise(epilogue), values, reference)


def test_a_function_times_an_operand() -> None:
    operator = Pointwise(Epilogue(function="tanh", product=True))
    values = [random_values(3, 5), random_values(3, 5, seed=1)]
    check_operator(operator, values, lambda x, other: torch.tanh(x) * other)
    assert operator.describe() == "element-wise, tanh, multiply"


@pytest.mark.parametrize("epilogue", [Epilogue(), Epilogue(residual=True), Epilogue(product=True)])
def test_zeros_keep_their_signs(epilogue: Epilogue) -> None:
    """As in PyTorch, so that a division by the result has the right sign."""
    values, other = (np.float32([0.0, -0.0, 0.0, -0.0]), np.float32([0.0, -0.0, -0.0, 0.0]))
    inputs = [values, other] if epilogue.reads_operand else [values]
    wanted = Pointwise(epilogue).evaluate_float([torch.from_numpy(each) for each in inputs], {})
    got = Pointwise(epilogue).evaluate_exact(inputs, {}, Cut(8))
    np.testing.assert_array_equal(np.signbit(got), np.signbit(wanted.numpy()))


def test_nan_becomes_the_canonical_one() -> None:
    payload = np.array([0xFFC12345], np.uint32).view(np.float32)
    got = Pointwise().evaluate_exact([payload], {}, Cut(8))
    assert got.view(np.uint32).tolist() == [0x7FC00000]


def test_description() -> None:
    assert Pointwise().describe() == "element-wise"
    assert Pointwise(Epilogue(residual=True, low=0.0)).describe() == "element-wise, add, ReLU"
