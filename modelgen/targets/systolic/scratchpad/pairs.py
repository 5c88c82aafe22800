"""Pairs: two rows of INT8 maps that the engine computes at the same time.

An operand of the array carries two values, which come from positions some rows apart. Of a block of
rows the first ones are computed with those a constant number of rows further down; if their number
is odd, a row in the middle is computed twice. Both are read from the buffer in one cycle, so they
have to lie in different banks.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from modelgen.hardware import Hardware

_REMEMBERED = 4096
"""Numbers of rows whose pairs are remembered."""


def pair_rows(rows: int, words: Iterable[int], hardware: Hardware) -> int:
    """Return how many rows lie between the two that are computed at a time; 0: there are no pairs.

    Args:
        rows: stored rows of a block.
        words: words of the buffer from what a stored row reads to what the next one reads, in each
            of the jobs that add to the same sums.
        hardware: sizes of the engine.
    """
    steps = tuple(words)

    def fits(count: int) -> bool:
        return all(in_other_banks(count * step, hardware) for step in steps)

    return next(filter(fits, range(rows // 2, 0, -1)), 0)


@lru_cache(maxsize=_REMEMBERED)
def most_pair_rows(rows: int, step: int, hardware: Hardware) -> int:
    """Return how many rows lie between those of pairs if the pitch of the map may be chosen.

    Args:
        rows: stored rows of a block.
        step: rows of the map from what a stored row reads to what the next one reads.
        hardware: sizes of the engine.
    """
    return max(pair_rows(rows, [step * pitch], hardware) for pitch in range(hardware.banks))


def in_other_banks(words: int, hardware: Hardware) -> bool:
    """Return whether a slice of INT8 values and another one so many words further are read in one
    cycle: whole quarters of the banks lie between them."""
    return words % hardware.banks != 0 and words % hardware.quarter == 0


def share_of_pairs(rows: int, words: int, hardware: Hardware) -> float:
    """Return about which share of a map's rows is computed with another one.

    Args:
        rows: stored rows, which are computed all at once, or as two or four blocks.
        words: words from what a stored row reads to what the next one reads.
        hardware: sizes of the engine.
    """
    heights = [height for parts in (1, 2, 4) if (height := -(-rows // parts)) > 1]
    shares = [2 * pair_rows(height, [words], hardware) / height for height in heights]
    return sum(shares) / max(len(shares), 1)
