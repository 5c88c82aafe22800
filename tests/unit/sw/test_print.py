"""Printing on the serial line."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import runtime_host


@given(st.integers(-(2**31), 2**31 - 1))
def test_signed(value: int) -> None:
    assert runtime_host.connect().print("i", value) == str(value)


@given(st.integers(0, 2**32 - 1))
def test_unsigned_and_hex(value: int) -> None:
    runtime = runtime_host.connect()
    assert runtime.print("u", value) == str(value)
    assert runtime.print("x", value) == f"{value:08x}"


@given(st.integers(0, 2**64 - 1) | st.sampled_from([0, 9, 10, 2**32, 2**64 - 1]))
def test_unsigned_64(value: int) -> None:
    assert runtime_host.connect().print("U", value) == str(value)


@settings(max_examples=300)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_reads_back(value: float) -> None:
    text = runtime_host.connect().print("f", value)
    assert math.isclose(float(text), value, rel_tol=1e-4, abs_tol=1e-6)
    assert text.startswith("-") == (math.copysign(1.0, value) < 0)


@settings(max_examples=300)
@given(st.floats(-2000, 2000, width=32), st.integers(0, 6))
def test_fixed(value: float, digits: int) -> None:
    text = runtime_host.connect().print("F", value, digits)
    whole, _, fraction = text.partition(".")
    assert len(fraction) == digits
    assert whole.lstrip("-").isdigit()
    assert abs(float(text) - value) <= 0.5 * 10.0**-digits + abs(value) * 2**-23 + 1e-7


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 3, "0.000"),
        (-0.0, 1, "-0.0"),
        (1.5, 2, "1.50"),
        (0.9999, 2, "1.00"),
        (-3.25, 1, "-3.3"),
        (7.5, 0, "8"),
        (1.25, 99, "1.250000"),
        (math.inf, 2, "inf"),
        (-math.inf, 2, "-inf"),
        (math.nan, 2, "nan"),
        (3e9, 2, "3.0000e+09"),
    ],
)
def test_fixed_examples(value: float, digits: int, text: str) -> None:
    assert runtime_host.connect().print("F", value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000000"),
        (0.5, "0.500000"),
        (2**-10, "9.7656e-04"),
        (2.5e-5, "2.5000e-05"),
        (1e30, "1.0000e+30"),
        (2**-149, "1.4013e-45"),
    ],
)
def test_float_examples(value: float, text: str) -> None:
    assert runtime_host.connect().print("f", value) == text


def test_all_kinds_in_one_call() -> None:
    assert runtime_host.connect().print_all_kinds() == "text c true -1 -2 0.500000\n"


def test_hex_of_a_float_shows_its_bits() -> None:
    (bits,) = struct.unpack("<I", struct.pack("<f", -1.5))
    assert runtime_host.connect().print("x", bits) == "bfc00000"
