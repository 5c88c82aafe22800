"""Division without the divider, which stalls the pipeline: the device's operations in NumPy."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.fp32 import Values
from modelgen.arithmetic.single import fma

_MAGIC = np.uint32(0x7EF31000)
"""Minus the bits of a number, this is its reciprocal, with a relative error of at most 0.0506."""


def quotient(dividend: Values, divisor: np.ndarray) -> np.ndarray:
    """Return FP32 `dividend / divisor` with a relative error of 1.3e-7.

    Args:
        dividend: finite numbers.
        divisor: numbers from 2^-125 to 2^125.
    """
    seed = (_MAGIC - divisor.view(np.uint32)).view(np.float32)
    residual = fma(-divisor, seed, np.float32(1.0))
    reciprocal = fma(fma(residual, residual, residual), seed, seed)
    estimate = np.asarray(dividend * reciprocal, np.float32)
    return fma(fma(-divisor, estimate, dividend), reciprocal, estimate)
