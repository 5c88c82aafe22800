"""Boxes of values that are stored with gaps: each value is in one box, at its word on each side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.operators import Permute
from modelgen.targets.systolic.tiling.boxes import Box, Dimension, Storage, stored

DENSE = Storage()
ROWS_OF_SIX = Storage(100, ((6, 8), (18, 40)))
"""Maps of three rows of six values, with a gap of 2 words after a row and of 16 after a map."""


def places(box: Box, side: int) -> np.ndarray:
    """Return the places of a box's values, in order of its indices."""
    found = np.array(box.starts[side])
    for size, steps in box.dimensions:
        found = found[..., None] + np.arange(size) * steps[side]
    return found.reshape(-1)


def word(storage: Storage, index: int) -> int:
    """Return where a value is, by the definition of groups."""
    words = 0
    for size, pitch in reversed(storage.groups):
        words += index // size * pitch
        index %= size
    return storage.base + words + index


def check(box: Box, *storages: Storage) -> list[Box]:
    """Assert that all values are where the storages have them; return the boxes."""
    found = list(stored(box, storages))
    wanted = sorted(
        tuple(word(storage, int(index)) for storage, index in zip(storages, value, strict=True))
        for value in zip(*(places(box, side) for side in range(len(storages))), strict=True)
    )
    sides = [
        np.concatenate([places(piece, side) for piece in found]) for side in range(len(storages))
    ]
    assert sorted(zip(*map(np.ndarray.tolist, sides), strict=True)) == wanted
    return found


def test_values_of_contiguous_memory_are_one_box() -> None:
    box = Box((3, 5), (Dimension(4, (6, 6)), Dimension(6, (1, 1))))
    (found,) = check(box, DENSE, DENSE)
    assert found == Box((3, 5), (Dimension(24, (1, 1)),)), "both dimensions are one"


def test_a_run_is_cut_where_rows_end() -> None:
    (found,) = check(Box((6, 0), (Dimension(12, (1, 1)),)), ROWS_OF_SIX, DENSE)
    assert set(found.dimensions) == {Dimension(2, (8, 6)), Dimension(6, (1, 1))}
    unaligned = check(Box((4, 0), (Dimension(12, (1, 1)),)), ROWS_OF_SIX, DENSE)
    assert [piece.starts for piece in unaligned] == [(104, 0), (108, 2), (116, 8)]


def test_rows_go_on_in_the_next_map() -> None:
    (found,) = check(Box((0, 0), (Dimension(36, (1, 1)),)), ROWS_OF_SIX, DENSE)
    assert len(found.dimensions) == 3, "maps, rows, words"


def test_groups_without_gaps_do_not_count() -> None:
    assert Storage(0, ((6, 6), (18, 18))).gaps == ()
    assert Storage(0, ((6, 8), (18, 24))).gaps == ((6, 8),)
    assert ROWS_OF_SIX.gaps == ((6, 8), (18, 40))


def test_a_part_of_a_movement_has_a_side_for_each_destination() -> None:
    (part,) = Permute((1, 0)).parts([(3, 5)])
    box = Box.of(part, 2)
    assert box.starts == (0, 0, 0)
    assert box.dimensions == (Dimension(5, (1, 3, 3)), Dimension(3, (5, 1, 1)))


@st.composite
def storages(draw: st.DrawFn) -> Storage:
    sizes = draw(st.lists(st.integers(1, 5), max_size=3))
    groups, size, pitch = [], 1, 1
    for factor in sizes:
        size *= factor
        pitch = factor * pitch + draw(st.integers(0, 3))
        groups.append((size, pitch))
    return Storage(draw(st.integers(0, 9)), tuple(groups))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    dimensions = draw(
        st.lists(
            st.builds(
                Dimension,
                st.integers(2, 7),
                st.tuples(st.integers(0, 30), st.integers(0, 30)),
            ),
            max_size=3,
        )
    )
    return Box((draw(st.integers(0, 40)), draw(st.integers(0, 40))), tuple(dimensions))


@settings(max_examples=300, deadline=None)
@given(boxes(), storages(), storages())
def test_any_box_in_any_memory(box: Box, read: Storage, written: Storage) -> None:
    check(box, read, written)


@pytest.mark.parametrize(("first", "size"), [(0, 1), (2, 3)])
def test_a_cut_keeps_some_indices_of_a_dimension(first: int, size: int) -> None:
    outer, inner = Dimension(5, (10, 3)), Dimension(2, (1, 1))
    cut = Box((7, 0), (outer, inner)).cut(outer, first, size)
    values = places(Box((7, 0), (outer, inner)), 0).reshape(5, 2)
    assert places(cut, 0).tolist() == values[first : first + size].reshape(-1).tolist()
