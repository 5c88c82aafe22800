"""Cycles, times and sizes for people."""

from __future__ import annotations

import pytest

from flows import units
from flows.units import Unit, size


def test_units():
    assert Unit("cycles", 1e8).full(1234.4) == "1,234 cycles"
    assert Unit("us", 1e8).full(1234) == "12.34 µs"
    assert Unit("ms", 1e6).full(1234) == "1.234 ms"
    assert Unit("ms", 1e6).text(None) == ""
    assert [size(n) for n in (1023, 2048, 3 << 20)] == ["1023 B", "2.0 KiB", "3.00 MiB"]


def test_what_is_missing_is_not_shown():
    assert (units.count(None), units.ratio(None), units.percent(None)) == ("", "", "")
    assert units.difference(None) == "infinite"


def test_figures():
    assert units.count(1234567.4) == "1,234,567"
    assert units.ratio(1.005) in ("1.00", "1.01") and units.ratio(2) == "2.00"
    assert units.percent(0.12345) == "12.3 %"
    assert units.difference(1.23456e-7) == "1.2e-07"
    assert units.megahertz(12_500_000) == "12.5 MHz"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1024, "1.0 KiB"), (1024**2 - 1, "1024.0 KiB"), (1024**2, "1.00 MiB")],
)
def test_units_of_sizes_begin_at_one(count, text):
    assert size(count) == text


def test_the_unit_of_a_report():
    unit = units.unit_of({"time": {"unit": "ms", "clock_hz": 2e6}})
    assert unit.of(1000) == 0.5 and unit.full(1000) == "0.500 ms"
