"""Sums and products of two 8-bit integers with scales of their own, by LiteRT's rules.

Sources: LiteRT, `tflite/kernels/add.cc`, `mul.cc` and `internal/reference/integer_ops/`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.rounding import round_double

_SUM_PLACES = 20
"""By how much operands of a sum are shifted to the left."""


@dataclass(frozen=True)
class SumScales:
    """The factors of a sum: of both operands, and of the result."""

    first: Multiplier
    second: Multiplier
    output: Multiplier

    @classmethod
    def of(cls, first: float, second: float, output: float) -> SumScales:
        """Return the factors for scales of two operands and their sum; FP32 numbers."""
        twice = 2.0 * max(first, second)
        return cls(
            Multiplier.of(first / twice),
            Multiplier.of(second / twice),
            Multiplier.of(twice / (2**_SUM_PLACES * output)),
        )


def scaled_sum(first: np.ndarray, second: np.ndarray, scales: SumScales) -> np.ndarray:
    """Return sums in units of the result's scale, INT64.

    Args:
        first: the first operand without its zero point, INT64, from -255 to 255.
        second: the second operand, of a shape that broadcasts with the first's.
        scales: of both and of the result.
    """
    left, right = scaled_operands(first, second, scales)
    return scaled(left + right, scales.output)


def scaled_operands(
    first: np.ndarray, second: np.ndarray, scales: SumScales
) -> tuple[np.ndarray, np.ndarray]:
    """Return both operands in the unit in which they are added; arguments of `scaled_sum`."""
    return (
        scaled(first << _SUM_PLACES, scales.first),
        scaled(second << _SUM_PLACES, scales.second),
    )


def scaled(values: np.ndarray, multiplier: Multiplier) -> np.ndarray:
    """Return products with a multiplier, rounded twice, INT64.

    Args:
        values: INT64.
        multiplier: of all.
    """
    return round_double(values, *np.array([multiplier.value, multiplier.shift], np.int64))


def product_factor(first: float, second: float, output: float) -> float:
    """Return the factor of a product, which LiteRT computes in FP32.

    Args:
        first: scale of the first operand, an FP32 number.
        second: of the second.
        output: of the product.
    """
    return float(np.float32(first) * np.float32(second) / np.float32(output))
