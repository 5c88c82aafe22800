"""Division by Newton steps: its error bound."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.division import quotient


def test_the_error_is_within_its_bound() -> None:
    random = np.random.default_rng(0)
    dividend = random.standard_normal(100_000).astype(np.float32)
    divisor = np.exp2(random.uniform(-100, 100, 100_000)).astype(np.float32)
    wanted = dividend.astype(np.float64) / divisor.astype(np.float64)
    error = np.abs(quotient(dividend, divisor) / wanted - 1)
    assert 6e-8 < error.max() < 1.3e-7
    assert quotient(np.float32(0.0), divisor).max() == 0.0
