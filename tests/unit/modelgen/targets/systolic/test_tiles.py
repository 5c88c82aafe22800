"""Sizes of tiles in memory."""

from __future__ import annotations

import pytest

from modelgen.targets.systolic.tiles import (
    diagonal_bytes,
    parameter_words,
    tile_columns,
    weight_bytes,
)


@pytest.mark.parametrize(
    ("channels", "tiles", "columns"),
    [
        (16, 2, [8, 8]),
        (10, 2, [8, 2]),
        (3, 1, [3]),
        # Tiles without a channel, and channels without a tile.
        (3, 2, [8, 8]),
        (8, 2, [8, 8]),
        (20, 2, [8, 8]),
    ],
)
def test_only_the_last_tile_lacks_columns(channels: int, tiles: int, columns: list[int]) -> None:
    assert tile_columns(channels, tiles, 8) == columns


def test_streams_consist_of_lines_of_16_bytes() -> None:
    assert [weight_bytes(columns, 12) for columns in (1, 2, 4, 12)] == [16, 32, 48, 144]
    assert [diagonal_bytes(size) for size in (4, 16, 20)] == [16, 16, 32]
    assert [parameter_words(columns) for columns in (1, 4, 5)] == [4, 4, 8]
