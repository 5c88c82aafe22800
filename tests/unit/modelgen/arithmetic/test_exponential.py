"""The softmax of the reference: error bound, special values, and the fused multiply-add."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.arithmetic.exponential import fma, softmax
from tests.support import exact

RELATIVE_ERROR = 4e-6

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


def test_against_float64() -> None:
    logits = np.random.default_rng(0).normal(0, 10, (1000, 10)).astype(np.float32)
    wide = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    wanted = wide / wide.sum(axis=1, keepdims=True)
    assert np.abs(softmax(logits) / wanted - 1).max() < RELATIVE_ERROR


def test_special_rows() -> None:
    inf, nan = np.inf, np.nan
    got = softmax(np.array([[0, inf], [nan, 1], [-inf, -inf], [-inf, 0], [-200, 0]], np.float32))
    assert got.view(np.uint32)[:3].tolist() == [[0x7FC00000] * 2] * 3
    assert got[3:].tolist() == [[0, 1], [0, 1]]
