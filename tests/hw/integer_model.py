"""What the store path's INT8 lanes compute, in Python's integers."""

from __future__ import annotations

from dataclasses import dataclass


def clamp(value: int, low: int, high: int) -> int:
    """Limits a value; a lower bound above the upper one goes first."""
    return low if value < low else high if value > high else value


def sign_extended(value: int, bits: int) -> int:
    """Returns the number that the low bits of a value are in two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def rounded_as_fp32(value: int, shift: int) -> int:
    """Returns value / 2^shift rounded to 24 bits and then to an integer, halves to even."""
    magnitude = abs(value)
    whole, rest = magnitude >> shift, magnitude & ((1 << shift) - 1)
    exponent = whole.bit_length() - 1
    # Scaled by 2^25, as half of the last of 24 bits may lie below the value's own bits.
    distance = abs(rest - (1 << (shift - 1))) << 25
    if distance <= 1 << (shift + 1 + exponent):
        whole += whole & 1
    else:
        whole += rest > 1 << (shift - 1)
    return -whole if value < 0 else whole


@dataclass(frozen=True)
class Requantization:
    """Parameters of a channel, as they are in memory, and of its job."""

    bias: int
    multiplier: int  # of 32 bits: shift and multiplier
    offset: int  # of 32 bits: below and above zero
    ties_even: bool
    zero_point: int
    low: int
    high: int

    def of(self, total: int) -> int:
        """Returns the INT8 number of an INT32 sum."""
        x = clamp(total + self.bias, -(1 << 26), (1 << 26) - 1)
        shift = 24 + ((self.multiplier >> 26) - 24) % 32
        below, above = sign_extended(self.offset >> 16, 16), sign_extended(self.offset, 16)
        value = x * (self.multiplier & (1 << 26) - 1) + ((below if x < 0 else above) << 15)
        if self.ties_even:
            quotient = rounded_as_fp32(value, shift)
        else:
            quotient = ((value >> (shift - 1)) + 1) >> 1
        return clamp(quotient + self.zero_point, self.low, self.high)


@dataclass(frozen=True)
class Addition:
    """The line of a sum, as it is in memory, and what its job has."""

    line: tuple[int, int, int, int]
    zero_point: int
    low: int
    high: int

    def of(self, value: int, operand: int) -> int:
        """Returns the sum of two INT8 numbers."""
        mask = (1 << 26) - 1
        shift = 16 + (self.line[0] >> 26) % 16
        zeros = sign_extended(self.line[3], 8), sign_extended(self.line[3] >> 8, 8)
        total = (value - zeros[0]) * (self.line[0] & mask)
        total += (operand - zeros[1]) * (self.line[1] & mask)
        below, above = sign_extended(self.line[2] >> 16, 16), sign_extended(self.line[2], 16)
        total += (below if total < 0 else above) << 6
        return clamp(((total >> (shift - 1)) + 1 >> 1) + self.zero_point, self.low, self.high)
