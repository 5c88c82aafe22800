"""The compressors of the simulator's waveforms: what they write is what zlib and LZ4 specify."""

import ctypes
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

SOURCE = (
    Path(__file__).resolve().parents[3] / "cores" / "fst_compression" / "cpp" / "compression.cpp"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("compression") / "compression.so"
    compiler = shutil.which("c++")
    assert compiler, "no C++ compiler: c++ is missing"
    flags = ["-std=gnu++17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(SOURCE), "-o", str(path)], check=True)
    loaded = ctypes.CDLL(str(path))
    loaded.compressBound.restype = ctypes.c_ulong
    loaded.compressBound.argtypes = [ctypes.c_ulong]
    return loaded


def zlib_stream(library, data):
    room = library.compressBound(len(data))
    target = ctypes.create_string_buffer(room)
    size = ctypes.c_ulong(room)
    status = library.compress2(target, ctypes.byref(size), data, ctypes.c_ulong(len(data)), 4)
    assert status == 0
    return target.raw[: size.value]


def lz4_block(library, data):
    room = library.LZ4_compressBound(len(data))
    target = ctypes.create_string_buffer(room)
    size = library.LZ4_compress_default(data, target, len(data), room)
    return target.raw[:size]


def lz4_decoded(block):
    """A decoder written from the format's description (lz4_Block_format.md)."""
    output, at = bytearray(), 0

    def length(value):
        nonlocal at
        extension = 255 if value == 15 else 0
        while extension == 255:
            extension = block[at]
            at += 1
            value += extension
        return value

    while at < len(block):
        token = block[at]
        at += 1
        literals = length(token >> 4)
        output += block[at : at + literals]
        at += literals
        if at == len(block):
            return bytes(output)
        offset = block[at] | block[at + 1] << 8
        at += 2
        assert 0 < offset <= len(output)
        for _ in range(length(token & 15) + 4):
            output.append(output[-offset])
    raise AssertionError("the block does not end with literals")


DATA = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"abcd", b"abcdefgh", b"\0" * 40, b"x"]), max_size=80).map(b"".join),
)


@given(data=DATA)
def test_lz4_round_trip(library, data):
    assert lz4_decoded(lz4_block(library, data)) == data


@given(data=DATA)
def test_zlib_round_trip(library, data):
    assert zlib.decompress(zlib_stream(library, data)) == data


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 200_000])
def test_large_blocks(library, size):
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    assert zlib.decompress(zlib_stream(library, data)) == data
    block = lz4_block(library, data)
    assert lz4_decoded(block) == data
    assert size < 1000 or len(block) < size // 50, "repetitions are not found"


def test_too_little_room_is_refused(library):
    target = ctypes.create_string_buffer(8)
    assert library.LZ4_compress_default(b"a" * 100, target, 100, 8) == 0
