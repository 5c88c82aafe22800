"""Means of 8-bit integers, by LiteRT's rule.

Source: LiteRT, `tflite/kernels/internal/reference/reduce.h`.
"""

from __future__ import annotations

from modelgen.arithmetic.integer.multiplier import Multiplier


def mean_multiplier(factor: float, count: int) -> Multiplier:
    """Return the multiplier of a sum, which is that of a mean divided by the number of values.

    Args:
        factor: the scale of the values, divided by that of the mean; FP64.
        count: values in a sum.
    """
    mean = Multiplier.of(factor)
    places = min(count.bit_length() - 1, 32, 31 + mean.shift)
    return Multiplier((mean.value << places) // count, mean.shift - places)
