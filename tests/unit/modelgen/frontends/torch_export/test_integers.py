"""Constants that a program keeps as integers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.ao.quantization.fx._decomposed
from torch import Tensor, nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.integer_constants import IntegerConstant, integer_constant

DECOMPOSED = torch.ops.quantized_decomposed
SCALES = torch.tensor([0.5, 0.25, 2.0, 0.125])
WEIGHT = torch.arange(24, dtype=torch.int8).reshape(4, 6) - 12
PARAMETERS = (0, -128, 127, torch.int8)


def per_channel(weight: Tensor) -> Tensor:
    zeros = torch.arange(4)
    made: Tensor = DECOMPOSED.dequantize_per_channel(weight, SCALES, zeros, *PARAMETERS)
    return made


def per_tensor(weight: Tensor) -> Tensor:
    made: Tensor = DECOMPOSED.dequantize_per_tensor(weight, 0.5, 3, *PARAMETERS[1:])
    return made


class Product(nn.Module):
    def __init__(
        self, use: Callable[[Tensor, Tensor], Tensor], make: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.use, self.make = use, make
        self.register_buffer("weight", WEIGHT)

    def forward(self, x: Tensor) -> Tensor:
        return self.use(x, self.make(self.weight))


def found(module: nn.Module, *features: int) -> IntegerConstant | None:
    graph = import_model(module, features, 1)
    (node,) = (each for each in graph.nodes if "weight" in each.constants)
    arrays = graph.arrays(node)
    constant = integer_constant(arrays, "weight")
    if constant is not None:
        numbers = (constant.integers - constant.zero_point) * constant.scale
        np.testing.assert_array_equal(numbers, arrays["weight"])
    return constant


USES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "linear": torch.nn.functional.linear,
    "transposed": lambda x, weight: torch.matmul(x, weight.t()),
    "permuted": lambda x, weight: torch.matmul(x, weight.permute(1, 0).contiguous()),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("make", [per_channel, per_tensor])
def test_matrices(use: str, make: Callable[[Tensor], Tensor]) -> None:
    constant = found(Product(USES[use], make), 6)
    assert constant is not None
    np.testing.assert_array_equal(constant.integers, WEIGHT)


@pytest.mark.parametrize("make", [per_channel, per_tensor])
def test_kernels_have_the_channels_last(make: Callable[[Tensor], Tensor]) -> None:
    def convolve(x: Tensor, weight: Tensor) -> Tensor:
        return torch.nn.functional.conv2d(x, weight.reshape(4, 3, 2, 1))

    constant = found(Product(convolve, make), 3, 5, 5)
    assert constant is not None
    np.testing.assert_array_equal(constant.integers, WEIGHT.reshape(4, 3, 2, 1).permute(0, 2, 3, 1))


def test_arithmetic_on_constants_has_no_integers() -> None:
    def use(x: Tensor, weight: Tensor) -> Tensor:
        return torch.nn.functional.linear(x, weight * 1.5)

    assert found(Product(use, per_tensor), 6) is None
