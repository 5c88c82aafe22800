"""Sigmoid and its relatives in FP32: the device's operations in NumPy, in the same order."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.division import quotient
from modelgen.arithmetic.exponential import HIGHEST, LOWEST, expm1, power
from modelgen.arithmetic.single import constants, fma, larger, smaller, with_limits

_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_TANH_IS_ONE = np.float32(44.0)
_MISH_IS_LINEAR = np.float32(30.0)
_GELU_RANGE = np.float32(10.0)
_GELU = constants("-0x1.988454p+0", "-0x1.2444a8p-4")
"""-2 sqrt(2 / pi), and 0.044715 times it."""


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x))."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        bounded = smaller(larger(values, -HIGHEST), -LOWEST)
        return with_limits(values, quotient(_ONE, power(-bounded) + _ONE), 0.0, 1.0)


def silu(values: np.ndarray) -> np.ndarray:
    """Return x / (1 + exp(-x))."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        dividend = larger(values, -HIGHEST)
        bounded = smaller(dividend, -LOWEST)
        return with_limits(values, quotient(dividend, power(-bounded) + _ONE), np.nan, np.inf)


def tanh(values: np.ndarray) -> np.ndarray:
    """Return tanh(x) = -t / (t + 2) with t = exp(-2 x) - 1, for x >= 0; it is odd."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        term = expm1(smaller(np.abs(values), _TANH_IS_ONE) * -_TWO)
        return with_limits(values, np.copysign(quotient(term, term + _TWO), values), -1.0, 1.0)


def gelu_tanh(values: np.ndarray) -> np.ndarray:
    """Return x / (1 + exp(-u)) with u = 2 sqrt(2 / pi) (x + 0.044715 x^3)."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        dividend = larger(values, -_GELU_RANGE)
        bounded = smaller(dividend, _GELU_RANGE)
        argument = fma(bounded * bounded, _GELU[1], _GELU[0]) * bounded
        return with_limits(values, quotient(dividend, power(argument) + _ONE), np.nan, np.inf)


def mish(values: np.ndarray) -> np.ndarray:
    """Return x tanh(ln(1 + w)) = x n / (n + 2) with w = exp(x) and n = w (w + 2)."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        grown = power(larger(smaller(values, _MISH_IS_LINEAR), LOWEST))
        term = (grown + _TWO) * grown
        return with_limits(values, quotient(term, term + _TWO) * values, np.nan, np.inf)
