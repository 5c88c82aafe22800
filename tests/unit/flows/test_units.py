"""Cycles, times and sizes for people."""

from __future__ import annotations

from flows.units import Unit, size


def test_units():
    assert Unit("cycles", 1e8).full(1234.4) == "1,234 cycles"
    assert Unit("us", 1e8).full(1234) == "12.34 µs"
    assert Unit("ms", 1e6).full(1234) == "1.234 ms"
    assert Unit("ms", 1e6).text(None) == ""
    assert [size(n) for n in (1023, 2048, 3 << 20)] == ["1023 B", "2.0 KiB", "3.00 MiB"]
