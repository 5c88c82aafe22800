"""Main memory: what lies outside or across words is a fault; maps have pitches of their own."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from modelgen.targets.systolic.abi import DESCRIPTOR_ALIGNMENT, Error
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor
from modelgen.targets.systolic.reference import UnwrittenReadError
from modelgen.targets.systolic.reference.memory import Fault, Memory

BASE = 0x8000_0000
WORDS = 64


@pytest.fixture
def memory() -> Memory:
    """Words that hold their own number."""
    return Memory(bytearray(struct.pack(f"<{WORDS}f", *range(WORDS))), BASE)


@pytest.mark.parametrize(
    ("address", "size", "alignment"),
    [
        (BASE - 4, 4, 4),
        (BASE + 4 * WORDS - 4, 8, 4),
        (BASE + 4 * WORDS, 4, 4),
        (BASE + 2, 4, 4),
        (BASE + 4, 4, 8),
    ],
)
def test_addresses_that_are_refused(memory: Memory, address: int, size: int, alignment: int):
    with pytest.raises(Fault) as caught:
        memory.check(address, size, alignment)
    assert caught.value.error is Error.BAD_ADDRESS


def test_the_last_word_is_inside(memory: Memory) -> None:
    assert memory.check(BASE + 4 * WORDS - 4, 4) == 4 * WORDS - 4
    np.testing.assert_array_equal(memory.read(BASE + 4 * WORDS - 8, 2), [62.0, 63.0])


def test_constants_of_other_types(memory: Memory) -> None:
    memory.write_map(BASE, np.array([[[-0.0]]], np.float32), 4, 4)
    np.testing.assert_array_equal(memory.read(BASE, 4, "i1"), [0, 0, 0, -128])


def test_a_map_is_read_with_its_pitches(memory: Memory) -> None:
    """2 rows of 3 pixels of 2 words; rows 10 words apart, pixels 3."""
    found = memory.read_map(BASE + 4, (2, 3, 2), 40, 12)
    np.testing.assert_array_equal(found[0], [[1, 2], [4, 5], [7, 8]])
    np.testing.assert_array_equal(found[1], [[11, 12], [14, 15], [17, 18]])


def test_what_lies_between_the_pixels_of_a_map_stays(memory: Memory) -> None:
    memory.write_map(BASE, np.full((2, 2, 1), -1.0, np.float32), 16, 8)
    np.testing.assert_array_equal(memory.read(BASE, 8), [-1, 1, -1, 3, -1, 5, -1, 7])


@pytest.mark.parametrize(("row_pitch", "column_pitch"), [(2, 4), (4, 6)])
def test_pitches_are_whole_words(memory: Memory, row_pitch: int, column_pitch: int) -> None:
    with pytest.raises(Fault, match="BAD_ADDRESS"):
        memory.read_map(BASE, (2, 2, 1), row_pitch, column_pitch)


def test_a_map_ends_inside(memory: Memory) -> None:
    assert memory.read_map(BASE, (2, 1, 4), 4 * 60, 4)[1, 0, 3] == 63
    with pytest.raises(Fault, match="BAD_ADDRESS"):
        memory.read_map(BASE, (2, 1, 5), 4 * 60, 4)


def test_words_that_nobody_has_written_are_not_read() -> None:
    written = np.zeros(WORDS, bool)
    memory = Memory(bytearray(4 * WORDS), BASE, written)
    memory.write_map(BASE, np.ones((2, 1, 2), np.float32), 16, 4)
    assert written.nonzero()[0].tolist() == [0, 1, 4, 5]
    assert memory.read_map(BASE, (2, 1, 2), 16, 4).shape == (2, 1, 2)
    with pytest.raises(UnwrittenReadError, match=f"memory at {BASE + 8:#x}, which nothing"):
        memory.read_map(BASE, (1, 1, 4), 16, 4)


def test_a_descriptor_that_cannot_be_there() -> None:
    memory = Memory(bytearray(2 * DESCRIPTOR_BYTES), BASE)
    assert memory.descriptor(BASE + DESCRIPTOR_BYTES) == Descriptor.unpack(bytes(DESCRIPTOR_BYTES))
    behind = BASE + 2 * DESCRIPTOR_BYTES - DESCRIPTOR_ALIGNMENT
    for address in (BASE + DESCRIPTOR_ALIGNMENT // 2, BASE - DESCRIPTOR_ALIGNMENT, behind):
        with pytest.raises(Fault) as caught:
            memory.descriptor(address)
        assert caught.value.error is Error.BAD_DESCRIPTOR
