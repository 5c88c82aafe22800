"""memcpy, memmove, memset and memcmp of the device, at every alignment."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import runtime_host

SIZE = 96
buffers = st.binary(min_size=SIZE, max_size=SIZE)


@settings(max_examples=200, deadline=None)
@given(buffers, st.integers(0, 16), st.integers(48, 60), st.integers(0, 32))
def test_memcpy(buffer: bytes, to: int, source: int, count: int) -> None:
    _, got = runtime_host.connect().memory_function("c", to, source, count, buffer)
    assert got == buffer[:to] + buffer[source : source + count] + buffer[to + count :]


@settings(max_examples=300, deadline=None)
@given(buffers, st.integers(0, 40), st.integers(0, 40), st.integers(0, 56))
def test_memmove_with_overlap(buffer: bytes, to: int, source: int, count: int) -> None:
    _, got = runtime_host.connect().memory_function("m", to, source, count, buffer)
    assert got == buffer[:to] + buffer[source : source + count] + buffer[to + count :]


@settings(max_examples=200, deadline=None)
@given(buffers, st.integers(0, 40), st.integers(0, 1000), st.integers(0, 56))
def test_memset(buffer: bytes, to: int, value: int, count: int) -> None:
    _, got = runtime_host.connect().memory_function("s", to, value, count, buffer)
    assert got == buffer[:to] + bytes([value & 0xFF]) * count + buffer[to + count :]


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=20, max_size=20), st.integers(0, 20), st.integers(0, 255))
def test_memcmp(half: bytes, position: int, value: int) -> None:
    other = bytearray(half)
    if position < len(other):
        other[position] = value
    order, _ = runtime_host.connect().memory_function("p", 0, 20, 20, half + bytes(other))
    expected = (half > bytes(other)) - (half < bytes(other))
    assert (order > 0) - (order < 0) == expected
