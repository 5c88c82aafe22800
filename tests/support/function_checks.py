"""Compares FP32 functions of one value with their definitions in double precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Exact = Callable[[np.ndarray], np.ndarray]
"""A function of FP32 values, bit for bit as on the device."""
Wide = Callable[[np.ndarray], np.ndarray]
"""The same in FP64."""
CANONICAL_NAN = 0x7FC00000


def samples(low: float, high: float, count: int = 50_000) -> np.ndarray:
    """Return FP32 values of a range, dense everywhere and denser around 0."""
    random = np.random.default_rng(0)
    even = np.linspace(low, high, count)
    small = 10.0 ** random.uniform(-9, np.log10(max(abs(low), abs(high))), count // 2)
    values = np.concatenate([even, small, -small]).astype(np.float32)
    return np.unique(values[(values >= low) & (values <= high)])


def every_exponent() -> np.ndarray:
    """Return FP32 values of every exponent and sign, subnormal ones too; infinities, NaNs."""
    random = np.random.default_rng(1)
    fields = np.repeat(np.arange(512, dtype=np.uint32), 24) << np.uint32(23)
    mantissas = random.integers(0, 2**23, fields.size, dtype=np.uint32)
    mantissas[::24], mantissas[1::24] = 0, 2**23 - 1
    return (fields | mantissas).view(np.float32)


def relative_error(exact: Exact, wide: Wide, values: np.ndarray) -> float:
    """Return the largest relative error."""
    wanted = wide(values.astype(np.float64))
    got, wanted = exact(values)[wanted != 0], wanted[wanted != 0]
    return float(np.abs(got / wanted - 1).max())


def absolute_error(exact: Exact, wide: Wide, values: np.ndarray) -> float:
    """Return the largest error."""
    return float(np.abs(exact(values) - wide(values.astype(np.float64))).max())


def check_special(exact: Exact, below: float, above: float) -> None:
    """Assert that infinities give these limits, and every NaN the canonical one."""
    nans = np.array([0x7FC00000, 0xFFC00001, 0x7F800001], np.uint32).view(np.float32)
    assert exact(nans).view(np.uint32).tolist() == [CANONICAL_NAN] * 3
    got = exact(np.array([-np.inf, np.inf], np.float32))
    np.testing.assert_array_equal(got, np.array([below, above], np.float32))
    assert (got.view(np.uint32)[np.isnan(got)] == CANONICAL_NAN).all()
