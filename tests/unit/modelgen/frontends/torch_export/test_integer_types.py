"""Types and quantizations of 8-bit tensors."""

from __future__ import annotations

import pytest
import torch
import torch.ao.quantization.fx._decomposed
from torch import Tensor, nn

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.frontends.torch_export.calls import inputs_of
from modelgen.frontends.torch_export.integer_types import (
    offset_of,
    output_offsets,
    quantization_of,
    quantization_of_input,
)

DECOMPOSED = torch.ops.quantized_decomposed


class Dequantizes(nn.Module):
    def __init__(self, low: int, dtype: torch.dtype, more: bool) -> None:
        super().__init__()
        self.parameters_of = (0.5, low + 5, low, low + 255, dtype)
        self.more = more

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = DECOMPOSED.dequantize_per_tensor(x, *self.parameters_of)
        return y + x if self.more else y


def first_input(low: int, dtype: torch.dtype, more: bool = False) -> object:
    module = Dequantizes(low, dtype, more)
    return inputs_of(torch.export.export(module, (torch.zeros(1, 3, dtype=dtype),)))[0]


@pytest.mark.parametrize(("low", "dtype", "offset"), [(0, torch.uint8, 128), (-128, torch.int8, 0)])
def test_integers_are_int8(low: int, dtype: torch.dtype, offset: int) -> None:
    node = first_input(low, dtype)
    assert offset_of(node) == offset
    assert quantization_of_input(node) == Quantization(0.5, -123)
    assert quantization_of(0.5, low + 5, offset) == Quantization(0.5, -123)


def test_others_are_numbers() -> None:
    assert quantization_of_input(first_input(0, torch.uint8, more=True)) is None
    program = torch.export.export(nn.ReLU(), (torch.zeros(1, 3),))
    assert offset_of(inputs_of(program)[0]) is None
    assert quantization_of_input(inputs_of(program)[0]) is None


def test_outputs_are_int8() -> None:
    class Returns(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            signed = DECOMPOSED.quantize_per_tensor(x, 0.5, 3, -128, 127, torch.int8)
            return DECOMPOSED.quantize_per_tensor(x, 0.5, 3, 0, 255, torch.uint8), signed

    assert output_offsets(torch.export.export(Returns(), (torch.zeros(1, 3),))) == [128, 0]
