"""The elements of what nodes write."""

from __future__ import annotations

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.elements import tensor_of
from modelgen.ir.graph import ElementType, Tensor
from modelgen.operators import Dequantize, Permute, Pointwise, Quantize

SCALE = Quantization(0.5, 3)
FLOATS = Tensor("x", (2, 3))
INTEGERS = Tensor("q", (2, 3), ElementType.INT8, SCALE)


def test_quantize_writes_integers() -> None:
    assert tensor_of("y", Quantize(SCALE), [FLOATS], {}) == Tensor(
        "y", (2, 3), ElementType.INT8, SCALE
    )


def test_movements_keep_elements() -> None:
    assert tensor_of("y", Permute((1, 0)), [FLOATS], {}) == Tensor("y", (3, 2))
    moved = tensor_of("y", Permute((1, 0)), [INTEGERS], {})
    assert moved == Tensor("y", (3, 2), ElementType.INT8, SCALE)


def test_everything_else_writes_numbers() -> None:
    assert tensor_of("y", Dequantize(SCALE), [INTEGERS], {}) == Tensor("y", (2, 3))
    assert tensor_of("y", Pointwise(), [FLOATS], {}) == Tensor("y", (2, 3))
