"""Softmax of rows of 8-bit integers, by the rule of LiteRT's reference kernels.

Source: LiteRT, `tflite/kernels/internal/reference/softmax.h`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.fixed_point import exponential, reciprocal
from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import LOWEST, Clamp
from modelgen.arithmetic.integer.rounding import high_product, shift_right

_DIFFERENCE_BITS = 5
"""Integer bits of scaled differences to the maximum."""
_SUM_BITS = 12
"""Integer bits of the sum of exponentials."""
LONGEST_ROW = 2**_SUM_BITS - 1
"""Values of a row whose sum of exponentials cannot overflow."""
SHARES = Quantization(1 / 256, LOWEST)
"""What softmax returns."""


@dataclass(frozen=True)
class SoftmaxScale:
    """How differences to a row's maximum become arguments of the exponential."""

    multiplier: Multiplier
    smallest: int
    """Differences below have the exponential 0."""

    @classmethod
    def of(cls, factor: float) -> SoftmaxScale:
        """Return the scale for a factor: that of the input, multiplied by beta.

        Args:
            factor: FP64, above 2^-26.
        """
        places = 31 - _DIFFERENCE_BITS
        multiplier = Multiplier.of(min(factor * 2**places, 2.0**31 - 1))
        largest = ((1 << _DIFFERENCE_BITS) - 1) << places
        return cls(multiplier, -(largest >> multiplier.shift))


def softmax(values: np.ndarray, scale: SoftmaxScale) -> np.ndarray:
    """Return softmax over the last dimension, with scale 1/256 and zero point -128.

    Args:
        values: INT8, shape (..., N), with N at most `LONGEST_ROW`. LiteRT aborts where the sum of
            a row's exponentials is 512 or more, and so gives nothing to compare with.
        scale: of the values.

    Returns:
        INT8.
    """
    wide = values.astype(np.int64)
    powers = exponentials(wide - wide.max(axis=-1, keepdims=True), scale)
    total = shift_right(powers, _SUM_BITS).sum(axis=-1, keepdims=True)
    # The sum is a fraction in [1, 2) and a power of two.
    bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    factor = reciprocal((total << (32 - bits)) - (1 << 31))
    places = _SUM_BITS - (32 - bits) + 31 - 8
    return Clamp().of(shift_right(high_product(factor, powers), places) + LOWEST)


def exponentials(differences: np.ndarray, scale: SoftmaxScale) -> np.ndarray:
    """Return the powers of e for differences to a row's maximum, as fractions of 31 bits, INT64.

    Args:
        differences: INT64, not positive.
        scale: of the values.
    """
    counted = differences >= scale.smallest
    shifted = np.where(counted, differences, 0) << scale.multiplier.shift
    return np.where(counted, exponential(high_product(shifted, scale.multiplier.value)), 0)
