"""Smooth and piecewise relatives of ReLU in FP32: the device's operations in NumPy."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.exponential import LOWEST, expm1, power
from modelgen.arithmetic.fp32 import canonicalize
from modelgen.arithmetic.single import (
    constants,
    fma,
    horner,
    larger,
    smaller,
    with_limits,
)

_ZERO = np.float32(0.0)
_THREE = np.float32(3.0)
_SIX = np.float32(6.0)
_SIXTH = np.float32(1 / 6)
_LOG1P = constants(
    "-0x1.1fab0ap-7",
    "0x1.7087aep-5",
    "-0x1.be8eb8p-4",
    "0x1.6d82bep-3",
    "-0x1.f683d6p-3",
    "0x1.54d42cp-2",
    "-0x1.fffb3ap-2",
    "0x1p+0",
)
"""Coefficients of ln(1 + e) / e for e in 0 .. 1, highest power first; relative error 2.2e-7."""


def elu(values: np.ndarray, positive: float, negative: float, steepness: float) -> np.ndarray:
    """Return `positive` x for x > 0, else `negative` (exp(`steepness` x) - 1)."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        argument = larger(smaller(values, _ZERO) * np.float32(steepness), LOWEST)
        linear = larger(values, _ZERO) * np.float32(positive)
        result = fma(expm1(argument), np.float32(negative), linear)
        return with_limits(values, result, -float(np.float32(negative)), np.inf)


def softplus(values: np.ndarray, beta: float, threshold: float) -> np.ndarray:
    """Return ln(1 + exp(`beta` x)) / `beta`, or x where `beta` x > `threshold`.

    Args:
        values: FP32.
        beta: positive.
        threshold: not negative.
    """
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        scaled = values * np.float32(beta)
        inverse = np.float32(1.0) / np.float32(beta)
        factor = np.where(scaled <= np.float32(threshold), inverse, _ZERO)
        result = fma(_log_of_sum(scaled), factor, larger(values, _ZERO))
        return with_limits(values, result, 0.0, np.inf)


def log_sigmoid(values: np.ndarray) -> np.ndarray:
    """Return -ln(1 + exp(-x))."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        result = smaller(values, _ZERO) - _log_of_sum(values)
        return with_limits(values, result, -np.inf, 0.0)


def hardswish(values: np.ndarray) -> np.ndarray:
    """Return x clamp(x + 3, 0, 6) / 6."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        gate = smaller(larger(values + _THREE, _ZERO), _SIX)
        return canonicalize(gate * _SIXTH * values)


def hardsigmoid(values: np.ndarray) -> np.ndarray:
    """Return clamp(x + 3, 0, 6) / 6."""
    values = np.asarray(values, np.float32)
    with np.errstate(all="ignore"):
        gate = smaller(larger(values + _THREE, _ZERO), _SIX)
        return with_limits(values, gate * _SIXTH, 0.0, 1.0)


def _log_of_sum(values: np.ndarray) -> np.ndarray:
    """Return ln(1 + exp(-|x|))."""
    term = power(-smaller(np.abs(values), -LOWEST))
    return horner(_LOG1P, term) * term
