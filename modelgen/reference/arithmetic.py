"""The engine's arithmetic in NumPy, bit for bit.

INT8 weights times FP32 activations: inside a slice of S values of K the activations become
integers that share one exponent, the dot product is exact, and the result is rounded to FP32 once.
Slices are added in FP32 in ascending order of K.

All functions take and return `numpy.float32` arrays; every NaN that they return is `CANONICAL_NAN`.
"""

from __future__ import annotations

import numpy as np

CANONICAL_NAN = np.uint32(0x7FC00000).view(np.float32)
"""The only NaN that the engine produces: quiet, positive, no payload."""

GUARD_BITS = 2
"""Bits kept below the 24-bit mantissa when an activation is aligned."""

_MANTISSA_BITS = 23
_EXPONENT_MASK = 0xFF
_INTEGER_WEIGHT = 150 + GUARD_BITS
"""An aligned integer A stands for A * 2^(E - _INTEGER_WEIGHT)."""
_LONGEST_SHIFT = 24 + GUARD_BITS + 1
"""From this shift on, every aligned mantissa rounds to zero."""


def canonicalize(values: np.ndarray) -> np.ndarray:
    """Return `values` with every NaN replaced by the canonical one."""
    values = np.asarray(values, dtype=np.float32)
    return np.where(np.isnan(values), CANONICAL_NAN, values)


def align(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn each row of FP32 values into integers that share the row's largest exponent.

    Args:
        values: FP32, shape (..., lanes). Lanes beyond K are given as zeros.

    Returns:
        integers: int64, shape (..., lanes), each within 27 signed bits; rounded half to even.
        exponents: int64, shape (...): the biased exponent E of the row, at least 1.
        invalid: bool, shape (...): the row holds an infinity or a NaN.
    """
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).astype(np.int64)
    biased = (bits >> _MANTISSA_BITS) & _EXPONENT_MASK
    fraction = bits & ((1 << _MANTISSA_BITS) - 1)
    mantissa = np.where(biased > 0, fraction | (1 << _MANTISSA_BITS), fraction)
    exponent = np.maximum(biased, 1)
    largest = exponent.max(axis=-1, initial=1)
    shift = np.minimum(largest[..., None] - exponent, _LONGEST_SHIFT)
    magnitude = _shift_right_half_even(mantissa << GUARD_BITS, shift)
    integers = np.where(bits >> 31 != 0, -magnitude, magnitude)
    return integers, largest, (biased == _EXPONENT_MASK).any(axis=-1)


def _shift_right_half_even(values: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return `values / 2**shift` of non-negative integers, rounded half to even."""
    quotient = values >> shift
    remainder = values - (quotient << shift)
    twice = remainder << 1
    unit = np.int64(1) << shift
    round_up = (twice > unit) | ((twice == unit) & (quotient & 1 == 1) & (shift > 0))
    return quotient + round_up


def normalize(dots: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Round `dots * 2^(exponents - 152)` to FP32: nearest even, gradual underflow, overflow to inf.

    A dot product of zero gives +0; one that underflows keeps its sign.

    Args:
        dots: integers (any dtype) below 2^53 in magnitude.
        exponents: biased exponents E, broadcast against `dots`.
    """
    wide = np.asarray(dots, dtype=np.float64) + 0.0
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(wide, np.asarray(exponents) - _INTEGER_WEIGHT).astype(np.float32)


def slice_dot(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the FP32 result of one slice.

    Args:
        values: FP32, shape (rows, lanes): at most S values of K.
        weights: INT8, shape (lanes, columns).

    Returns:
        FP32, shape (rows, columns); the canonical NaN in rows that hold an infinity or a NaN.
    """
    integers, exponents, invalid = align(values)
    # Integers below 2^53 are exact in float64, and so is every partial sum.
    dots = integers.astype(np.float64) @ np.asarray(weights, dtype=np.float64)
    result = normalize(dots, exponents[:, None])
    result[invalid] = CANONICAL_NAN
    return result


def matmul(
    values: np.ndarray,
    weights: np.ndarray,
    array_size: int,
    accumulators: np.ndarray | None = None,
) -> np.ndarray:
    """Return the accumulators after `values @ weights`, before scale and bias.

    Args:
        values: FP32, shape (M, K).
        weights: INT8, shape (K, N).
        array_size: S, the length of a slice.
        accumulators: FP32, shape (M, N), to which the slices are added; None: the first slice
            overwrites them.
    """
    values = np.asarray(values, dtype=np.float32)
    total = accumulators
    for start in range(0, values.shape[1], array_size):
        stop = start + array_size
        part = slice_dot(values[:, start:stop], weights[start:stop])
        total = part if total is None else fp32_add(total, part)
    if total is None:
        raise ValueError("a matrix product needs K > 0")
    return total


def fp32_add(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Add in FP32: nearest even, subnormals kept, canonical NaN."""
    with np.errstate(all="ignore"):
        return canonicalize(np.add(left, right, dtype=np.float32))


def fp32_mul(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Multiply in FP32: nearest even, subnormals kept, canonical NaN."""
    with np.errstate(all="ignore"):
        return canonicalize(np.multiply(left, right, dtype=np.float32))


def clamp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Limit to low .. high. NaN stays, and so does -0 at a bound of +0."""
    low, high = np.float32(low), np.float32(high)
    with np.errstate(invalid="ignore"):
        values = np.where(values < low, low, values)
        return np.where(values > high, high, values)


def relu(values: np.ndarray) -> np.ndarray:
    """Return max(values, 0); -0 stays, NaN becomes the canonical NaN."""
    return clamp(canonicalize(values), 0.0, np.inf)


def postprocess(
    accumulators: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    low: float = -np.inf,
    high: float = np.inf,
) -> np.ndarray:
    """Return `clamp(accumulators * scale + bias)`, rounded after the product and after the sum.

    Args:
        accumulators: FP32, shape (M, N).
        scale: FP32, shape (N,) or scalar.
        bias: FP32, shape (N,) or scalar.
        low: lower bound of the result; -inf for none.
        high: upper bound; +inf for none.
    """
    return clamp(fp32_add(fp32_mul(accumulators, scale), bias), low, high)
