"""Cuts a matrix product into engine jobs: blocks of rows, chunks of K, blocks of columns.

For each block of rows, the columns are done block after block, and for each of those K chunk after
chunk. Two ways of feeding the engine come out of that:

- *streamed*: every chunk is loaded when it is needed, into alternating ends of the buffer;
- *resident*: the first block of columns loads the rows, chunk by chunk, to where they stay, and the
  other blocks of columns find them there.

Accumulators of consecutive blocks lie at alternating ends, so that one block is stored while the
next is computed. All reasonable sizes are tried with the cost model, and the fastest is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from modelgen.cost import CONSTANTS, EngineConstants, ceil_div, chain_cycles, job_cost
from modelgen.hardware import Hardware
from modelgen.program import Job

_FIELD_LIMIT = 0xFFFF
"""Largest value of a descriptor's 16-bit dimensions."""
_MOST_JOBS = 512
"""Tilings with more descriptors than this are tried only if nothing smaller fits."""
_MOST_SIMULATED = 100
"""Tilings that are tried with the cost model, the most promising ones first."""
_ABOUT_AS_FAST = 1.004
"""Tilings within this factor of the fastest count as equal: the one with fewer jobs is taken."""
_SAMPLE_BLOCKS = 3
"""Blocks of rows that are simulated; more of them repeat the last one's time."""
_CHUNK_SLICES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096)
_ROW_DIVISIONS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 128, 256, 1024, 4096, 16384)


@dataclass(frozen=True)
class Product:
    """A matrix product of M x K activations and K x N weights."""

    rows: int
    words: int
    columns: int


@dataclass(frozen=True)
class Tiling:
    """How a product is cut."""

    rows: int
    """Rows of a block."""
    words: int
    """Elements of K in a chunk: a multiple of S, or all."""
    first_tiles: int
    """Tiles of S columns in the first block of columns."""
    other_tiles: int
    """Tiles in each further block."""
    resident: bool


def schedule(
    product: Product, hardware: Hardware, constants: EngineConstants = CONSTANTS
) -> list[Job]:
    """Return the jobs of the fastest tiling, by the cost model."""
    return jobs_of(product, _fastest(product, hardware, constants), hardware)


def _fastest(product: Product, hardware: Hardware, constants: EngineConstants) -> Tiling:
    """Return the tiling with the fewest jobs among those that are about as fast as the fastest.

    Tilings whose lower bound is too high are not simulated.
    """
    bounds = {t: _bound(product, t, hardware, constants) for t in _candidates(product, hardware)}
    costs: dict[Tiling, float] = {}
    least = math.inf
    for tiling in sorted(bounds, key=bounds.__getitem__)[:_MOST_SIMULATED]:
        if bounds[tiling] > least * _ABOUT_AS_FAST:
            break
        costs[tiling] = _cost(product, tiling, hardware, constants)
        least = min(least, costs[tiling])
    close = [tiling for tiling, cost in costs.items() if cost <= least * _ABOUT_AS_FAST]
    return min(close, key=lambda tiling: (_job_count(product, tiling, hardware), costs[tiling]))


def jobs_of(product: Product, tiling: Tiling, hardware: Hardware) -> list[Job]:
    """Return the jobs of a tiling, in order."""
    return list(_jobs(product, tiling, hardware))


def _jobs(product: Product, tiling: Tiling, hardware: Hardware) -> Iterator[Job]:
    buffer = _Ends(hardware.buffer_words)
    accumulators = _Ends(hardware.accumulator_depth)
    for row in range(0, product.rows, tiling.rows):
        rows = min(tiling.rows, product.rows - row)
        home = buffer.take(rows * product.words) if tiling.resident else 0
        for column, columns in _column_blocks(product, tiling, hardware.array_size):
            tiles = ceil_div(columns, hardware.array_size)
            entry = accumulators.take(rows * tiles)
            again = tiling.resident and column > 0
            # What is resident already needs no chunks.
            step = _whole_chunk(product, hardware) if again else tiling.words
            for word in range(0, product.words, step):
                words = min(step, product.words - word)
                yield Job(
                    row=row,
                    rows=rows,
                    word=word,
                    words=words,
                    column=column,
                    columns=columns,
                    tiles=tiles,
                    load=not again,
                    first=word == 0,
                    store=word + words == product.words,
                    buffer_base=home + word if tiling.resident else buffer.take(rows * words),
                    buffer_pitch=product.words if tiling.resident else words,
                    accumulator_base=entry,
                )


class _Ends:
    """Places regions at alternating ends of a memory."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at_top = True

    def take(self, size: int) -> int:
        """Return the base of a region of `size`."""
        self._at_top = not self._at_top
        return self._size - size if self._at_top else 0


def _column_blocks(product: Product, tiling: Tiling, array_size: int) -> Iterator[tuple[int, int]]:
    """Give (first column, columns) of each block."""
    column, tiles = 0, tiling.first_tiles
    while column < product.columns:
        columns = min(tiles * array_size, product.columns - column)
        yield column, columns
        column += columns
        tiles = tiling.other_tiles


def _whole_chunk(product: Product, hardware: Hardware) -> int:
    """Return the largest chunk of K that a descriptor can name."""
    limit = _FIELD_LIMIT // hardware.array_size * hardware.array_size
    return min(product.words, limit)


def _candidates(product: Product, hardware: Hardware) -> list[Tiling]:
    """Return the tilings to try: all that fit, or the smallest if none has few jobs."""
    fitting = [t for t in _all_tilings(product, hardware) if _fits(product, t, hardware)]
    counts = {tiling: _job_count(product, tiling, hardware) for tiling in fitting}
    few = [tiling for tiling in fitting if counts[tiling] <= _MOST_JOBS]
    return few or sorted(fitting, key=counts.__getitem__)[:8]


def _all_tilings(product: Product, hardware: Hardware) -> Iterator[Tiling]:
    size = hardware.array_size
    tiles = ceil_div(product.columns, size)
    whole = _whole_chunk(product, hardware)
    chunks = sorted({min(slices * size, whole) for slices in _CHUNK_SLICES} | {whole})
    for rows in _row_blocks(product.rows, tiles, hardware):
        for first, other in _tile_blocks(tiles, rows, hardware):
            for words in chunks:
                for resident in (False, True) if first < tiles else (False,):
                    yield Tiling(rows, words, first, other, resident)


def _row_blocks(rows: int, tiles: int, hardware: Hardware) -> list[int]:
    """Return heights of blocks: equal parts, and what the accumulators hold of all columns."""
    depth = hardware.accumulator_depth
    blocks = {ceil_div(rows, parts) for parts in _ROW_DIVISIONS if parts <= rows}
    blocks |= {depth // tiles, depth // (2 * tiles), 1}
    return sorted(block for block in blocks if 1 <= block <= min(rows, _FIELD_LIMIT))


def _tile_blocks(tiles: int, rows: int, hardware: Hardware) -> set[tuple[int, int]]:
    """Return (first, other) widths of column blocks in tiles, for a block of `rows`."""
    most = min(tiles, hardware.accumulator_depth // rows, _FIELD_LIMIT // hardware.array_size)
    if most < 1:
        return set()
    pairs = {(tiles, tiles)} if most == tiles else set()
    for first in _widths(most):
        rest = tiles - first
        room = min(hardware.accumulator_depth // rows - first, rest)
        if room >= 1:
            widths = {1, room, min(room, ceil_div(rest, 2)), min(first, room)}
            pairs |= {(first, width) for width in widths}
    return pairs


def _widths(most: int) -> list[int]:
    """Return widths to try up to `most`: all when few, else some."""
    if most <= 8:
        return list(range(1, most + 1))
    return sorted({max(most * eighths // 8, 1) for eighths in range(1, 9)} | {1, 2})


def _fits(product: Product, tiling: Tiling, hardware: Hardware) -> bool:
    return _fits_buffer(product, tiling, hardware) and _fits_accumulators(product, tiling, hardware)


def _fits_buffer(product: Product, tiling: Tiling, hardware: Hardware) -> bool:
    """Tell whether consecutive regions of the buffer never overlap."""
    several_rows = tiling.rows < product.rows
    if tiling.resident:
        held = tiling.rows * product.words
        if product.words > _FIELD_LIMIT:
            return False
    else:
        held = tiling.rows * min(tiling.words, product.words)
    again = several_rows or (not tiling.resident and tiling.words < product.words)
    again |= not tiling.resident and tiling.first_tiles * hardware.array_size < product.columns
    return held * (2 if again else 1) <= hardware.buffer_words


def _fits_accumulators(product: Product, tiling: Tiling, hardware: Hardware) -> bool:
    tiles = ceil_div(product.columns, hardware.array_size)
    depth = hardware.accumulator_depth
    one, two = tiling.rows * tiling.first_tiles, tiling.rows * tiling.other_tiles
    if tiling.first_tiles < tiles:
        return max(one + two, 2 * two) <= depth
    return one * (2 if tiling.rows < product.rows else 1) <= depth


def _job_count(product: Product, tiling: Tiling, hardware: Hardware) -> int:
    tiles = ceil_div(product.columns, hardware.array_size)
    further = ceil_div(tiles - tiling.first_tiles, tiling.other_tiles)
    chunks = ceil_div(product.words, tiling.words)
    again = ceil_div(product.words, _whole_chunk(product, hardware)) if tiling.resident else chunks
    return ceil_div(product.rows, tiling.rows) * (chunks + further * again)


def _bound(
    product: Product, tiling: Tiling, hardware: Hardware, constants: EngineConstants
) -> float:
    """Return cycles that a tiling needs even where everything overlaps that can."""
    size, port = hardware.array_size, hardware.port_words
    tile = ceil_div(hardware.tile_bytes, hardware.port_bytes)
    tiles = ceil_div(product.columns, size)
    slices = ceil_div(product.words, size)
    blocks, rest = divmod(product.rows, tiling.rows)
    row_blocks = blocks + (rest > 0)
    height = blocks * max(tiling.rows, tile) + (max(rest, tile) if rest else 0)
    column_blocks = 1 + ceil_div(tiles - tiling.first_tiles, tiling.other_tiles)
    loads = 1 if tiling.resident else column_blocks
    jobs = _job_count(product, tiling, hardware)
    transfers = (
        loads * product.rows * ceil_div(product.words, port)
        + row_blocks * slices * tiles * tile
        + product.rows * ceil_div(product.columns, port)
        + jobs * constants.descriptor
    )
    first_load = min(tiling.rows, product.rows) * ceil_div(min(tiling.words, product.words), port)
    last_rows = rest or tiling.rows
    last_columns = product.columns - (tiles - 1) * size
    last_store = last_rows * ceil_div(last_columns, port)
    compute = height * slices * tiles + jobs * constants.compute_setup
    return max(transfers, first_load + compute + last_store)


def _cost(
    product: Product, tiling: Tiling, hardware: Hardware, constants: EngineConstants
) -> float:
    """Return the cycles of a tiling; the time of many blocks of rows is extrapolated."""
    blocks = ceil_div(product.rows, tiling.rows)
    if blocks <= _SAMPLE_BLOCKS:
        return _simulated(product, tiling, hardware, constants)
    last = product.rows - (blocks - 1) * tiling.rows
    sample = replace(product, rows=(_SAMPLE_BLOCKS - 1) * tiling.rows + last)
    shorter = replace(product, rows=(_SAMPLE_BLOCKS - 2) * tiling.rows + last)
    longer_time = _simulated(sample, tiling, hardware, constants)
    block_time = longer_time - _simulated(shorter, tiling, hardware, constants)
    return longer_time + (blocks - _SAMPLE_BLOCKS) * block_time


def _simulated(
    product: Product, tiling: Tiling, hardware: Hardware, constants: EngineConstants
) -> float:
    costs = [job_cost(job, hardware, constants) for job in _jobs(product, tiling, hardware)]
    return chain_cycles(costs, constants)[-1]
