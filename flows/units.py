"""Times in cycles, or in seconds at a given clock."""

from __future__ import annotations

from dataclasses import dataclass

UNITS = ("cycles", "us", "ms")
_PER_SECOND = {"us": 1e6, "ms": 1e3}
_NAMES = {"cycles": "cycles", "us": "µs", "ms": "ms"}


@dataclass(frozen=True)
class Unit:
    """How cycles are shown. `key` is one of UNITS; `clock_hz` only matters to times."""

    key: str
    clock_hz: float

    @property
    def name(self) -> str:
        """The label next to the numbers."""
        return _NAMES[self.key]

    def of(self, cycles: float) -> float:
        """Return the number of cycles in this unit."""
        if self.key == "cycles":
            return cycles
        return cycles / self.clock_hz * _PER_SECOND[self.key]

    def text(self, cycles: float | None) -> str:
        """Return the number alone, with a suitable number of decimals; "" for None."""
        if cycles is None:
            return ""
        value = self.of(cycles)
        if self.key == "cycles":
            return f"{value:,.0f}"
        digits = 3 if self.key == "ms" else 2
        return f"{value:,.{digits}f}"

    def full(self, cycles: float) -> str:
        """Return the number with its unit."""
        return f"{self.text(cycles)} {self.name}"


def unit_of(report: dict) -> Unit:
    """Return the unit that a report was made for."""
    return Unit(report["time"]["unit"], report["time"]["clock_hz"])


def megahertz(clock_hz: float) -> str:
    """Return a clock's frequency in MHz, with the unit."""
    return f"{clock_hz / 1e6:g} MHz"


def size(count: float) -> str:
    """Return a number of bytes, in the largest unit that keeps it above 1."""
    if count < 1024:
        return f"{count:.0f} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.1f} KiB"
    return f"{count / 1024 / 1024:.2f} MiB"


def count(value: float | None) -> str:
    """Return a whole number with thousands separators; "" for None."""
    return "" if value is None else f"{value:,.0f}"


def ratio(value: float | None) -> str:
    """Return a ratio with two decimals; "" for None."""
    return "" if value is None else f"{value:.2f}"


def percent(value: float | None) -> str:
    """Return a fraction as a percentage; "" for None."""
    return "" if value is None else f"{100 * value:.1f} %"


def difference(value: float | None) -> str:
    """Return a maximum difference with two digits; None means that it is not finite."""
    return "infinite" if value is None else f"{value:.2g}"
