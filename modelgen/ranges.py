"""Valid ranges: rules that check a value and describe themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard


@dataclass(frozen=True)
class AtLeast:
    """Every integer >= `low`."""

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
        return _is_between(value, self.low, self.high)

    def __str__(self) -> str:
        return f"an integer from {self.low} to {self.high}"


@dataclass(frozen=True)
class MultipleOf:
    """The multiples of `factor` from `low` to `high`, both included."""

    factor: int
    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return _is_between(value, self.low, self.high) and value % self.factor == 0

    def __str__(self) -> str:
        return f"a multiple of {self.factor} from {self.low} to {self.high}"


@dataclass(frozen=True)
class PowerOfTwo:
    """The powers of two from `low` to `high`, both included."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return _is_between(value, max(self.low, 1), self.high) and value & (value - 1) == 0

    def __str__(self) -> str:
        return f"a power of two from {self.low} to {self.high}"


@dataclass(frozen=True)
class Flag:
    """True and False."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "true or false"


Range = AtLeast | Between | MultipleOf | PowerOfTwo | Flag


def is_integer(value: object) -> TypeGuard[int]:
    """Return whether a value is an integer; True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_between(value: object, low: int, high: int) -> TypeGuard[int]:
    return is_integer(value) and low <= value <= high
