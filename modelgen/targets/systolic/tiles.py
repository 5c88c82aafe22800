"""Output tiles in the engine's streams of weights and parameters.

A tile has S columns, one for each output channel. Of the last one only the columns that exist are
in memory, in whole lines of 16 bytes.
"""

from __future__ import annotations

LINE_BYTES = 16
"""Size and alignment of what streams consist of."""
SUM_LINES = 4
"""Lines in front of the parameters of an INT8 job that adds an operand: those of the sum."""
WORD_BYTES = 4
PARAMETER_BYTES = 2 * WORD_BYTES
"""Size of an output channel's scale and bias."""


def tile_columns(channels: int, tiles: int, array_size: int) -> list[int]:
    """Return the columns of each tile that are in memory.

    Args:
        channels: output channels of a job.
        tiles: its tiles of `array_size` channels.
        array_size: S.
    """
    last = channels - (tiles - 1) * array_size
    partial = 0 < last < array_size
    return [array_size] * (tiles - 1) + [last if partial else array_size]


def weight_bytes(columns: int, array_size: int, bits: int = 8) -> int:
    """Return the bytes of one slice's weights for a tile: S for each column, in whole lines."""
    return _lines(-(-columns * array_size * bits // 8))


def diagonal_bytes(array_size: int) -> int:
    """Return the bytes of one slice's weights for an FP32 depthwise tile: S in whole lines."""
    return _lines(array_size)


def depthwise_block(array_size: int) -> tuple[int, int]:
    """Return the kernel rows and columns of an INT8 depthwise slice: each tap has an array row."""
    columns = 3
    return max(min(array_size // columns, columns), 1), columns


def parameter_words(columns: int) -> int:
    """Return the words of a tile's scales, which are as many as those of its biases."""
    return _lines(WORD_BYTES * columns) // WORD_BYTES


def _lines(size: int) -> int:
    """Return a size in bytes, rounded up to whole lines."""
    return -(-size // LINE_BYTES) * LINE_BYTES
