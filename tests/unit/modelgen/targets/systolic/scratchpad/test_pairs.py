"""Pairs of rows that are read in one cycle."""

from __future__ import annotations

import pytest

from modelgen.hardware import Hardware
from modelgen.targets.systolic.scratchpad.pairs import (
    in_other_banks,
    pair_rows,
    share_of_pairs,
)

SIXTEEN = Hardware(array_size=16)


@pytest.mark.parametrize("size", [4, 8, 12, 16, 32])
def test_words_of_both_slices_are_in_different_banks(size: int) -> None:
    hardware = Hardware(array_size=size)
    for words in range(1, 3 * hardware.banks):
        first = {lane % hardware.banks for lane in range(size // 4)}
        second = {(lane + words) % hardware.banks for lane in range(size // 4)}
        if in_other_banks(words, hardware):
            assert not first & second
        elif words % hardware.quarter == 0:
            assert first == second


@pytest.mark.parametrize(
    ("rows", "words", "expected"),
    [
        (8, 4, 3),  # 4 rows are 16 words, which is the same bank again
        (6, 4, 3),
        (7, 4, 3),
        (8, 20, 3),
        (8, 5, 4),  # only every fourth row begins a quarter of the banks further
        (6, 5, 0),
        (8, 8, 3),
        (8, 16, 0),
        (1, 4, 0),
        (2, 4, 1),
    ],
)
def test_the_most_rows_between(rows: int, words: int, expected: int) -> None:
    assert pair_rows(rows, [words], SIXTEEN) == expected


def test_every_row_is_one_of_a_pair() -> None:
    for rows in range(1, 40):
        count = pair_rows(rows, [4], SIXTEEN)
        first = set(range(rows - count))
        assert first | {row + count for row in first if count} == set(range(rows))


@pytest.mark.parametrize(
    ("rows", "words", "share"),
    [
        (8, 4, (6 / 8 + 1 + 1) / 3),  # as 8 rows, 4 and 2
        (8, 2, (1 + 1 + 0) / 3),
        (6, 4, (1 + 2 / 3 + 1) / 3),
        (2, 4, 1),
        (2, 16, 0),
        (1, 4, 0),
    ],
)
def test_how_many_rows_are_those_of_pairs(rows: int, words: int, share: float) -> None:
    assert share_of_pairs(rows, words, SIXTEEN) == pytest.approx(share)
