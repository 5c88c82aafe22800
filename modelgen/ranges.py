"""The values that a size may have: rules that check a value and describe themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AtLeast:
    """Every integer from `low` on."""

    low: int

    def __contains__(self, value: object) -> bool:
        return is_integer(value) and value >= self.low

    def __str__(self) -> str:
        return f"an integer >= {self.low}"


@dataclass(frozen=True)
class Between:
    """Every integer from `low` to `high`, both included."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return is_integer(value) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"an integer from {self.low} to {self.high}"


@dataclass(frozen=True)
class MultipleOf:
    """The multiples of `factor` from `low` to `high`, both included."""

    factor: int
    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return value in Between(self.low, self.high) and value % self.factor == 0

    def __str__(self) -> str:
        return f"a multiple of {self.factor} from {self.low} to {self.high}"


@dataclass(frozen=True)
class PowerOfTwo:
    """The powers of two from `low` to `high`, both included."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return value in Between(max(self.low, 1), self.high) and value & (value - 1) == 0

    def __str__(self) -> str:
        return f"a power of two from {self.low} to {self.high}"


Range = AtLeast | Between | MultipleOf | PowerOfTwo


def is_integer(value: object) -> bool:
    """Return whether a value is a whole number; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)
