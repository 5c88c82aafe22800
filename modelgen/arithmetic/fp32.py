"""The engine's arithmetic in NumPy, bit for bit.

INT8 weights times FP32 activations: within a slice of S values along K, the activations become
integers that share one exponent, the dot product is exact, and the result is rounded to FP32 once.
Slices are added in FP32 in ascending order of K.

All functions take and return `numpy.float32` arrays; every NaN that they return is `CANONICAL_NAN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

Values = np.ndarray | np.float32
"""FP32 numbers, or a single one that applies to all."""
Function = Callable[[np.ndarray], np.ndarray]
"""A function of each of some FP32 numbers."""
CANONICAL_NAN = np.uint32(0x7FC00000).view(np.float32)
"""The only NaN that the engine produces: quiet, positive, no payload."""

GUARD_BITS = 2
"""Bits kept below the 24-bit mantissa when an activation is aligned."""

_MANTISSA_BITS = 23
_EXPONENT_MASK = 0xFF
_INTEGER_WEIGHT = 150 + GUARD_BITS
"""An aligned integer A represents A * 2^(E - _INTEGER_WEIGHT)."""
_CHUNK = 1 << 17
"""Numbers that are computed at a time, so that they stay in the processor's cache."""


def canonicalize(values: np.ndarray) -> np.ndarray:
    """Return `values` with every NaN replaced by the canonical one."""
    values = np.asarray(values, dtype=np.float32)
    return np.where(np.isnan(values), CANONICAL_NAN, values)


def align(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Convert each row of FP32 values to integers that share the row's largest exponent.

    Args:
        values: FP32, shape (..., lanes). Lanes beyond K are zeros.

    Returns:
        integers: shape (..., lanes), each within 27 signed bits, rounded half to even; kept as
            float64, in which their products and sums are exact. Zeros in invalid rows.
        exponents: int64, shape (...): the biased exponent E of the row, at least 1.
        invalid: bool, shape (...): the row contains an infinity or a NaN.
    """
    values = np.ascontiguousarray(values, dtype=np.float32)
    biased = values.view(np.uint32) >> _MANTISSA_BITS & _EXPONENT_MASK
    exponents = biased.max(axis=-1, initial=1).astype(np.int64)
    invalid = exponents == _EXPONENT_MASK
    unit = np.ldexp(1.0, _INTEGER_WEIGHT - exponents)
    with np.errstate(invalid="ignore"):
        integers = np.rint(values.astype(np.float64) * unit[..., None])
    integers[invalid] = 0.0
    return integers, exponents, invalid


def normalize(dots: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    """Round `dots * 2^(exponents - 152)` to FP32: nearest even, gradual underflow, overflow to inf.

    A dot product of zero gives +0; one that underflows keeps its sign.

    Args:
        dots: integers (any dtype) below 2^53 in magnitude.
        exponents: biased exponents E, broadcast against `dots`.
    """
    wide = np.asarray(dots, dtype=np.float64) + 0.0
    with np.errstate(over="ignore", under="ignore"):
        unit = np.ldexp(1.0, np.asarray(exponents) - _INTEGER_WEIGHT)
        return (wide * unit).astype(np.float32)


def slice_dots(values: np.ndarray, weights: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the FP32 results of slices, shape (rows, columns) each.

    A row of a slice that holds an infinity or a NaN gives the canonical NaN.

    Args:
        values: FP32, shape (slices, rows, lanes): at most S values of K.
        weights: INT8, shape (slices, lanes, columns).
    """
    count, rows, lanes = values.shape
    step = max(_CHUNK // (rows * max(lanes, weights.shape[2])), 1)
    for first in range(0, count, step):
        integers, exponents, invalid = align(values[first : first + step])
        # Integers below 2^53 are exact in float64, and so is every partial sum, in any order.
        dots = integers @ weights[first : first + step].astype(np.float64)
        results = normalize(dots, exponents[..., None])
        results[invalid] = CANONICAL_NAN
        yield from results


def slice_products(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the FP32 results of one slice in which each lane has its own output.

    Args:
        values: FP32, shape (..., lanes): at most S channels, which share an exponent.
        weights: INT8, shape (..., lanes), broadcast against `values`.

    Returns:
        FP32, shape (..., lanes); the canonical NaN in rows that hold an infinity or a NaN.
    """
    integers, exponents, invalid = align(values)
    result = normalize(integers * weights, exponents[..., None])
    result[invalid] = CANONICAL_NAN
    return result


def matmul(
    values: np.ndarray,
    weights: np.ndarray,
    slices: Sequence[np.ndarray],
    accumulators: np.ndarray | None = None,
) -> np.ndarray:
    """Return the accumulators after `values @ weights`, before scale and bias.

    Args:
        values: FP32, shape (M, K).
        weights: INT8, shape (K, N).
        slices: indices of K of each slice, in the order in which slices are added.
        accumulators: FP32, shape (M, N), which the slices are added to; None: the first slice
            overwrites them.

    Raises:
        ValueError: there are no slices.
    """
    longest = max(map(len, slices), default=0)
    lanes = np.full((len(slices), longest), -1)
    for lane, indices in zip(lanes, slices, strict=True):
        lane[: len(indices)] = indices
    # Index -1 is the zero appended after the last value.
    values = np.pad(np.asarray(values, np.float32), ((0, 0), (0, 1)))
    chosen = np.pad(weights, ((0, 1), (0, 0)))[lanes]
    step = max(_CHUNK // max(lanes.size, 1), 1)
    sums = [
        add_in_order(
            slice_dots(values[first : first + step, lanes].transpose(1, 0, 2), chosen),
            None if accumulators is None else accumulators[first : first + step],
        )
        for first in range(0, len(values), step)
    ]
    return np.concatenate(sums)


def every(array_size: int, words: int) -> list[np.ndarray]:
    """Return the slices of a sum of K = `words` products that are cut every S of them."""
    starts = range(0, words, array_size)
    return [np.arange(start, min(start + array_size, words)) for start in starts]


def add_in_order(parts: Iterable[np.ndarray], totals: np.ndarray | None = None) -> np.ndarray:
    """Return the FP32 sums of `totals`, if not None, and all parts; see `fp32_add`.

    Raises:
        ValueError: there is nothing to add.
    """
    sums = None if totals is None else np.array(totals, np.float32)
    for part in parts:
        if sums is None:
            sums = np.array(part, np.float32)
            continue
        with np.errstate(all="ignore"):
            # Whatever is added to a NaN, the sum stays one: they become canonical at the end.
            np.add(sums, part, out=sums)
    if sums is None:
        raise ValueError("a sum needs at least one part")
    return canonicalize(sums)


def fp32_add(left: Values, right: Values) -> np.ndarray:
    """Add in FP32: nearest even, subnormals kept, canonical NaN."""
    with np.errstate(all="ignore"):
        return canonicalize(np.add(left, right, dtype=np.float32))


def fp32_mul(left: Values, right: Values) -> np.ndarray:
    """Multiply in FP32: nearest even, subnormals kept, canonical NaN."""
    with np.errstate(all="ignore"):
        return canonicalize(np.multiply(left, right, dtype=np.float32))


def maximum(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the larger of two FP32 numbers, `left` if equal; the canonical NaN if any is NaN."""
    with np.errstate(invalid="ignore"):
        larger = np.where(left < right, right, left)
    return np.where(np.isnan(left) | np.isnan(right), CANONICAL_NAN, larger)


def clamp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Limit to low .. high. NaN stays NaN, and -0 stays -0 at a bound of +0."""
    least, most = np.float32(low), np.float32(high)
    with np.errstate(invalid="ignore"):
        values = np.where(values < least, least, values)
        return np.where(values > most, most, values)


def postprocess(
    accumulators: np.ndarray,
    scale: Values,
    bias: Values,
    low: float = -np.inf,
    high: float = np.inf,
    *,
    residual: np.ndarray | None = None,
    function: Function | None = None,
    times_value: bool = False,
    factor: np.ndarray | None = None,
    slope: float = 1.0,
) -> np.ndarray:
    """Return `clamp(f(accumulators * scale + bias + residual) * factor)`, each operation rounded.

    Args:
        accumulators: FP32, shape (..., N).
        scale: FP32, shape (N,) or scalar.
        bias: FP32, shape (N,) or scalar.
        low: lower bound of the result; -inf for none.
        high: upper bound; +inf for none.
        residual: FP32, shape (..., N): the residual operand; None for none.
        function: f; None: the value itself.
        times_value: whether the factor is f's argument.
        factor: FP32, shape (..., N); None for none.
        slope: factor of negative values, if there is no other.
    """
    values = fp32_add(fp32_mul(accumulators, scale), bias)
    if residual is not None:
        values = fp32_add(values, residual)
    results = values if function is None else function(values)
    if times_value:
        return clamp(fp32_mul(results, values), low, high)
    if factor is not None:
        return clamp(fp32_mul(results, factor), low, high)
    with np.errstate(invalid="ignore"):
        is_negative = results < 0
    results = np.where(is_negative, fp32_mul(results, np.float32(slope)), results)
    return clamp(results, low, high)
