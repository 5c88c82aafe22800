"""What the store path's INT8 lanes compute, in Python's integers."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.exact_integers import offset_of


def clamp(value: int, low: int, high: int) -> int:
    """Limits a value; a lower bound above the upper one goes first."""
    return low if value < low else high if value > high else value


def sign_extended(value: int, bits: int) -> int:
    """Returns the number that the low bits of a value are in two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def quotient(factor: int, product: int, bias: int, offset: int, ties_even: bool) -> int:
    """Returns the product, with the offset of its sign, divided by the bias word's shift.

    A factor of more than 27 bits makes the result one beyond all bounds.
    """
    if sign_extended(factor, 27) != factor:
        return 1000 if factor > 0 else -1000
    shift = 30 + 7 * (bias >> 30 & 3)
    product += offset_of(offset, product < 0) << 16
    return rounded_as_fp32(product, shift) if ties_even else (product >> (shift - 1)) + 1 >> 1


def rounded_as_fp32(value: int, shift: int) -> int:
    """Returns value / 2^shift rounded to 24 bits and then to an integer, halves to even.

    What 24 bits do not hold is dropped, so that of halves of the last bit only those below the
    middle of two integers are rounded to it.
    """
    whole = value >> shift
    # Of larger integers it doesn't matter.
    exponent = min((whole if whole >= 0 else ~whole).bit_length() - 1, 8)
    # In units of half of the last bit.
    bits = 24 - exponent
    rest = (value >> (shift - bits) if bits < shift else value << (bits - shift)) & (1 << bits) - 1
    if rest in ((1 << bits - 1) - 1, 1 << bits - 1):
        return whole + (whole & 1)
    return whole + (rest >> bits - 1)


@dataclass(frozen=True)
class Requantization:
    """Parameters of a channel, as they are in memory, and of its job."""

    bias: int  # of 32 bits: shift and bias
    multiplier: int
    offset: int  # of 32 bits: below and above zero
    ties_even: bool
    zero_point: int
    low: int
    high: int

    def of(self, total: int) -> int:
        """Returns the INT8 number of an INT32 sum."""
        x = total + sign_extended(self.bias, 30)
        result = quotient(x, x * self.multiplier, self.bias, self.offset, self.ties_even)
        return clamp(result + self.zero_point, self.low, self.high)


@dataclass(frozen=True)
class Addition:
    """Parameters of a sum of summands without their zero points, and what its job has."""

    multiplier: int
    bias: int
    offset: int
    zero_point: int
    low: int
    high: int

    def of(self, value: int, operand: int) -> int:
        """Returns the sum of two numbers of 9 bits."""
        factor = sign_extended(self.bias, 30)
        total = value * factor + operand * (self.multiplier & (1 << 26) - 1)
        result = quotient(factor, total << 8, self.bias, self.offset, False)
        return clamp(result + self.zero_point, self.low, self.high)
