"""Exact rational arithmetic on FP32 bit patterns, written independently of the NumPy reference."""

from __future__ import annotations

import struct
from fractions import Fraction

CANONICAL_NAN_BITS = 0x7FC00000
INFINITY_BITS = 0x7F800000
LARGEST_EXPONENT = 127
SMALLEST_EXPONENT = -126


def float_to_bits(value: float) -> int:
    return struct.unpack("<I", struct.pack("<f", value))[0]


def is_special(bits: int) -> bool:
    return (bits >> 23) & 0xFF == 0xFF


def is_nan(bits: int) -> bool:
    return is_special(bits) and bits & 0x7FFFFF != 0


def to_fraction(bits: int) -> Fraction:
    """Return the exact value of a finite FP32 number."""
    assert not is_special(bits)
    exponent = (bits >> 23) & 0xFF
    mantissa = bits & 0x7FFFFF
    if exponent:
        mantissa |= 1 << 23
    value = Fraction(mantissa) * Fraction(2) ** (max(exponent, 1) - 150)
    return -value if bits >> 31 else value


def round_half_even(value: Fraction) -> int:
    return round(value)  # Python rounds a Fraction half to even, exactly


def to_bits(value: Fraction, negative_zero: bool = False) -> int:
    """Round to FP32, nearest even; a non-zero value that underflows keeps its sign."""
    sign = value < 0 or (value == 0 and negative_zero)
    magnitude = abs(value)
    exponent = SMALLEST_EXPONENT
    while magnitude >= Fraction(2) ** (exponent + 1) and exponent <= LARGEST_EXPONENT:
        exponent += 1
    units = round_half_even(magnitude / Fraction(2) ** (exponent - 23))
    if units == 1 << 24:
        units, exponent = 1 << 23, exponent + 1
    if exponent > LARGEST_EXPONENT:
        return sign << 31 | INFINITY_BITS
    biased = exponent + 127 if units >= 1 << 23 else 0
    return sign << 31 | biased << 23 | (units & 0x7FFFFF)


def slice_dot(values: list[int], weights: list[int]) -> int:
    """One slice by the definition: aligned integers, exact dot product, one rounding."""
    if any(is_special(bits) for bits in values):
        return CANONICAL_NAN_BITS
    largest = max((max((bits >> 23) & 0xFF, 1) for bits in values), default=1)
    unit = Fraction(2) ** (largest - 152)
    dot = sum(
        round_half_even(to_fraction(bits) / unit) * weight
        for bits, weight in zip(values, weights, strict=True)
    )
    return to_bits(dot * unit)


def add(left: int, right: int) -> int:
    if is_nan(left) or is_nan(right):
        return CANONICAL_NAN_BITS
    if is_special(left) or is_special(right):
        if is_special(left) and is_special(right) and left != right:
            return CANONICAL_NAN_BITS
        return left if is_special(left) else right
    both_negative_zero = left == right == 0x80000000
    return to_bits(to_fraction(left) + to_fraction(right), negative_zero=both_negative_zero)


def multiply(left: int, right: int) -> int:
    sign = (left ^ right) >> 31
    if is_nan(left) or is_nan(right):
        return CANONICAL_NAN_BITS
    if is_special(left) or is_special(right):
        zero = left & 0x7FFFFFFF == 0 or right & 0x7FFFFFFF == 0
        return CANONICAL_NAN_BITS if zero else sign << 31 | INFINITY_BITS
    return to_bits(to_fraction(left) * to_fraction(right), negative_zero=bool(sign))
