"""Functions of one FP32 number by the engine's table of quadratic polynomials, bit for bit.

A number becomes a fixed-point one of 27 bits. Its upper 9 bits choose a segment of the table, the
others are its distance t from the segment's middle. The polynomial in t is computed in integers,
and the result is rounded to FP32 once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.fp32 import CANONICAL_NAN

SEGMENTS = 512
BYTES = 8 * SEGMENTS
"""Size of a table in memory."""
_T_BITS = 18
_FIXED_BITS = 27
_WIDTHS = (27, 22, 15)
"""Bits of the coefficients of an entry, signed: c0, c1, c2, from the lowest bit up."""
_HALF = 1 << (_T_BITS - 1)

Wide = Callable[[np.ndarray], np.ndarray]
"""A function in FP64."""


@dataclass(frozen=True)
class FunctionTable:
    """A table, and what its numbers mean."""

    entries: bytes
    """64 bits for each segment, little endian, those of the lowest numbers first."""
    reach: int
    """The segments divide the numbers below 2^reach in magnitude; the outermost hold beyond."""
    fraction: int
    """Bits of results behind the binary point."""

    @classmethod
    def fitted(
        cls, function: Wide, reach: int, fraction: int, ends: tuple[float, float]
    ) -> FunctionTable:
        """Return the table of a function.

        Args:
            function: in FP64, vectorized.
            reach: see `FunctionTable`.
            fraction: likewise.
            ends: the constant results in the first and the last segment, and beyond them.

        Raises:
            ValueError: a coefficient does not fit its bits.
        """
        # Chebyshev's nodes: nearly the polynomials with the smallest error.
        nodes = np.cos(np.pi * np.array([1, 3, 5]) / 6)
        middles = (np.arange(SEGMENTS) - SEGMENTS // 2 + 0.5) * 2 * _HALF
        # The fraction behind u is cut off: on average, numbers lie half a unit above it.
        places = middles[:, None] + _HALF * nodes + 0.5
        values = function(np.ldexp(places, reach - _FIXED_BITS + 1))
        powers = np.linalg.solve(np.vander(nodes, increasing=True), values.T)
        powers[:, [0, -1]] = 0.0
        powers[0, [0, -1]] = ends
        return cls(_packed(np.rint(np.ldexp(powers, fraction)).astype(np.int64)), reach, fraction)

    def evaluate(self, values: np.ndarray) -> np.ndarray:
        """Return the function of FP32 values; the canonical NaN of a NaN."""
        segment, t = self._place(values)
        c0, c1, c2 = (coefficient[segment] for coefficient in _unpacked(self.entries))
        y = c0 + _scaled(t * (c1 + _scaled(t * c2)))
        results = np.ldexp(y.astype(np.float64), -self.fraction).astype(np.float32)
        return np.where(np.isnan(values), CANONICAL_NAN, results)

    def _place(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return segment and t of each number."""
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.int64)
        exponents, mantissas = bits >> 23 & 0xFF, bits & 0x7FFFFF
        significands = np.where(exponents > 0, mantissas | 1 << 23, mantissas)
        distances = 126 + self.reach - exponents
        magnitudes = significands << 2 >> np.clip(distances, 0, 31)
        magnitudes = np.where(distances < 0, (1 << _FIXED_BITS - 1) - 1, magnitudes)
        fixed = np.where(bits >> 31, ~magnitudes, magnitudes)
        return (fixed >> _T_BITS) + SEGMENTS // 2, (fixed & 2 * _HALF - 1) - _HALF


def _scaled(products: np.ndarray) -> np.ndarray:
    """Return products with t without its fraction bits, rounded; halves up."""
    return products + _HALF // 2 >> _T_BITS - 1


def _packed(coefficients: np.ndarray) -> bytes:
    """Return the entries of coefficients c0, c1, c2, shape (3, segments)."""
    words, low = np.zeros(SEGMENTS, np.uint64), 0
    for values, width in zip(coefficients, _WIDTHS, strict=True):
        if (values >> width - 1 != values >> 63).any():
            raise ValueError(f"a coefficient does not fit {width} bits")
        words |= (values & (1 << width) - 1).astype(np.uint64) << np.uint64(low)
        low += width
    return words.astype("<u8").tobytes()


def _unpacked(entries: bytes) -> list[np.ndarray]:
    words = np.frombuffer(entries, "<i8")
    high = np.cumsum(_WIDTHS)
    return [words << 64 - int(end) >> 64 - width for end, width in zip(high, _WIDTHS, strict=True)]
