"""Functions of one 8-bit integer as tables of 256 results, by the rules of LiteRT.

A table is INT8, shape (256,); the result for q is at q + 128. Sources: LiteRT,
`tflite/kernels/activations.cc`, `internal/reference/hard_swish.h`, `leaky_relu.h`,
`requantize.h`.
"""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST, Clamp
from modelgen.arithmetic.integer.rounding import high_product, nearest_away, shift_right
from modelgen.arithmetic.integer.sums import scaled

INTEGERS = np.arange(LOWEST, HIGHEST + 1, dtype=np.int64)
"""What tables are functions of, in order."""
_ONE = np.float32(1.0)


def look_up(table: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the results of a table for INT8 values."""
    return table[values.astype(np.int64) - LOWEST]


def requantize(given: Quantization, result: Quantization) -> np.ndarray:
    """Return the table of the same numbers in another quantization."""
    factor = Multiplier.of(given.scale / result.scale)
    return Clamp().of(scaled(INTEGERS - given.zero_point, factor) + result.zero_point)


def rectifier(given: Quantization, result: Quantization, clamp: Clamp) -> np.ndarray:
    """Return the table of a clamp in units of the result, such as ReLU."""
    factor = Multiplier.of(float(given.single / result.single))
    return clamp.of(scaled(INTEGERS - given.zero_point, factor) + result.zero_point)


def leaky_rectifier(given: Quantization, result: Quantization, slope: float) -> np.ndarray:
    """Return the table of a rectifier with a slope for negative numbers."""
    values = INTEGERS - given.zero_point
    kept = scaled(values, Multiplier.of(float(given.single / result.single)))
    factor = float(given.single * np.float32(slope) / result.single)
    sloped = scaled(values, Multiplier.of(abs(factor)))
    sloped = -sloped if factor < 0 else sloped
    return Clamp().of(np.where(values >= 0, kept, sloped) + result.zero_point)


def logistic(given: Quantization, result: Quantization) -> np.ndarray:
    """Return the table of 1 / (1 + e^-x)."""
    numbers = _numbers(given)
    # Rounded to FP32 where LiteRT rounds, in expf, too.
    with np.errstate(over="ignore"):
        power = np.exp(-numbers.astype(np.float64)).astype(np.float32)
    return _nearest(_ONE / (_ONE + power), result)


def tanh(given: Quantization, result: Quantization) -> np.ndarray:
    """Return the table of the hyperbolic tangent."""
    return _nearest(np.tanh(_numbers(given).astype(np.float64)).astype(np.float32), result)


def _numbers(given: Quantization) -> np.ndarray:
    return given.single * (INTEGERS - given.zero_point).astype(np.float32)


def _nearest(numbers: np.ndarray, result: Quantization) -> np.ndarray:
    return Clamp().of(nearest_away(numbers * (_ONE / result.single)) + result.zero_point)


def hard_swish(given: Quantization, result: Quantization) -> np.ndarray:
    """Return the table of x min(max(x + 3, 0), 6) / 6, computed with fractions of 16 bits.

    The scale of the result has to be at least 1/128 of the other.
    """
    fine = np.float32(1.0 / 128.0) * given.single
    output = Multiplier.of(float(fine / result.single))
    unit = Multiplier.of(float(fine / np.float32(3.0 / 32768.0)))
    values = (INTEGERS - given.zero_point) << 7
    gate = _gate(values, unit)
    product = gate * high_product(values, _half_word(output), 16)
    # Towards zero.
    product = np.sign(product) * (np.abs(product) >> 15)
    return Clamp().of(shift_right(product, -output.shift) + result.zero_point)


def _gate(values: np.ndarray, unit: Multiplier) -> np.ndarray:
    """Return the factor from 0 to 2^15 that values from -3 to 3 have."""
    if unit.shift > 0:
        values = _saturated(values << (unit.shift - 1))
    values = high_product(values, _half_word(unit), 16)
    if unit.shift > 0:
        values = _saturated(values << 1)
    values = shift_right(values, max(-unit.shift, 0))
    return (values + (1 << 15)) >> 1


def _saturated(values: np.ndarray) -> np.ndarray:
    return values.clip(-(2**15), 2**15 - 1)


def _half_word(multiplier: Multiplier) -> int:
    """Return the 15 leading bits of a multiplier's fraction, rounded."""
    return min((multiplier.value + (1 << 15)) >> 16, 2**15 - 1)
