"""Single FP32 operations against exact rationals and RISC-V's rules."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.arithmetic.single import fma, horner, larger, smaller, with_limits
from tests.support import exact

finite_bits = st.integers(0, 2**32 - 1).filter(lambda bits: not exact.is_special(bits))


@settings(max_examples=300, deadline=None)
@given(finite_bits, finite_bits, finite_bits)
def test_fma_rounds_once(left: int, right: int, addend: int) -> None:
    operands = np.array([left, right, addend], np.uint32).view(np.float32)
    total = exact.to_fraction(left) * exact.to_fraction(right) + exact.to_fraction(addend)
    with np.errstate(over="ignore"):
        got = fma(*operands.reshape(3, 1))
    if total != 0:
        assert got.view(np.uint32).tolist() == [exact.to_bits(total)]


def test_extrema_order_zeros_and_drop_nan() -> None:
    left = np.array([0.0, -0.0, -0.0, np.nan, 1.0, 2.0], np.float32)
    right = np.array([-0.0, 0.0, -0.0, 1.0, np.nan, 3.0], np.float32)
    signs = np.signbit(larger(left, right)), np.signbit(smaller(left, right))
    assert signs[0][:3].tolist() == [False, False, True]
    assert signs[1][:3].tolist() == [True, True, True]
    assert larger(left, right)[3:].tolist() == [1.0, 1.0, 3.0]
    assert smaller(left, right)[3:].tolist() == [1.0, 1.0, 2.0]


def test_a_polynomial_begins_with_its_highest_power() -> None:
    coefficients = [np.float32(value) for value in (2.0, -3.0, 5.0)]
    assert horner(coefficients, np.array([10.0], np.float32)).tolist() == [175.0]


def test_what_belongs_to_special_values() -> None:
    values = np.array([-np.inf, 1.0, np.inf, -np.nan, 2.0], np.float32)
    result = np.array([7.0, 7.0, 7.0, 7.0, -np.nan], np.float32)
    got = with_limits(values, result, -1.0, 3.0)
    assert got[:3].tolist() == [-1.0, 7.0, 3.0]
    assert got.view(np.uint32)[3:].tolist() == [0x7FC00000] * 2
