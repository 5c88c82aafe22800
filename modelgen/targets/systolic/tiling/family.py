"""Tilings of a layer that differ only in the heights of their blocks, and about what they cost.

A search ranks tens of thousands of tilings: what they have in common is computed once a family.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import ACCUMULATE_LATENCY, INTEGER_ACCUMULATE_LATENCY
from modelgen.targets.systolic.cost import CONSTANTS, fetch_cycles, tile_cycles
from modelgen.targets.systolic.geometry import Axis, Geometry
from modelgen.targets.systolic.scratchpad.layout import FIELD_LIMIT, ceil_div
from modelgen.targets.systolic.scratchpad.pairs import most_pair_rows, pair_rows
from modelgen.targets.systolic.tiles import depthwise_block, tile_columns
from modelgen.targets.systolic.tiling.cut import Source, Target, Tiling

_REMEMBERED = 4096
"""Heights whose counts are remembered."""


@dataclass(frozen=True)
class Bound:
    """Roughly the cycles that a tiling needs if everything overlaps that can."""

    computing: float
    """Of the array, with the first load and what each job begins with."""
    moving: float
    """Of the memory port, or of the store path if that takes longer."""
    last: float
    """Of storing the last block: a part of `moving`, or of the store path's."""


@dataclass(frozen=True)
class Family:
    """All that a tiling consists of, except the heights of its blocks; see `Tiling`."""

    geometry: Geometry
    source: Source
    target: Target
    hardware: Hardware
    width: int
    tiles: tuple[int, ...]
    taps: tuple[int, int]
    words: int
    span: bool

    def tiling(self, heights: tuple[int, ...]) -> Tiling:
        """Return the tiling with these heights."""
        return Tiling(heights, self.width, self.tiles, self.taps, self.words, self.span)

    def fits(self, heights: tuple[int, ...]) -> bool:
        """Return whether what is streamed fits its area of the buffer, twice if it alternates."""
        if self._entries(max(heights)) > self.hardware.accumulator_depth:
            return False
        if self.source.layout is not None:
            return True
        single = self._is_one_block and len(heights) == 1
        area = self.source.staging[1] // (1 if single else 2)
        return self.window_words(max(heights)) <= min(area, FIELD_LIMIT)

    def window_words(self, height: int) -> int:
        """Return an upper bound on the words of buffer that a block's input needs."""
        geometry, words = self.geometry, self._staged_words
        columns = _points(geometry.x, self.width * geometry.pool[1], self.taps[1])
        # Whatever suits the banks best is at most as many words longer.
        suits = self.span or geometry.lanes > 1
        pitch = columns * words + (self.hardware.banks if suits else 0)
        rows = _points(geometry.y, height * geometry.pool[0], self.taps[0])
        return rows * pitch + max(min(geometry.x.before, columns - 1), 0) * words

    def bound(self, heights: tuple[int, ...]) -> Bound:
        """Return roughly the cycles of a tiling."""
        blocks = self.geometry.source.images * len(heights) * len(self._widths)
        jobs = blocks * self._jobs_of_block
        compute = sum(count * self._computing(height) for height, count in _counts(heights))
        loads = self._loaded_words(heights, blocks)
        port = self.hardware.port_words
        transfers = blocks * self._weights_of_block + ceil_div(loads, port) + self._transfers
        transfers += jobs * fetch_cycles(self.hardware)
        first = ceil_div(loads, port * max(jobs, 1)) if loads else 0
        return Bound(
            computing=first + compute + jobs * CONSTANTS.compute_setup,
            moving=max(transfers, self._storing),
            last=heights[-1] * self._widths[-1] * self._beats * max(self._streams, 1),
        )

    @property
    def entries_of_row(self) -> int:
        """Accumulator entries that a stored row takes, of two consecutive blocks of tiles."""
        pool = self.geometry.pool
        return tiles_of_two(self.tiles) * self.width * pool[0] * pool[1]

    def _entries(self, height: int) -> int:
        """Accumulator entries of two consecutive blocks of tiles of some stored rows."""
        return self._issued_rows(height) * self.entries_of_row

    def _issued_rows(self, height: int) -> int:
        """Return stored rows, of which those that are computed with others count once."""
        geometry, layout = self.geometry, self.source.layout
        if not geometry.pairs:
            return height
        step = geometry.y.stride * geometry.pool[0]
        if layout is None and self.span:
            # Rows are as far apart as runs are long, modulo the banks, but for an odd dilation,
            # which does not change which of them are in other quarters.
            run = self.taps[1] * self._staged_words
            return height - pair_rows(height, [step * run], self.hardware)
        if layout is None:
            return height - most_pair_rows(height, step, self.hardware)
        seen = layout.seen_as(geometry.source)
        words = layout.image_words if seen is None else step * seen.pitch
        return height - pair_rows(height, [words], self.hardware)

    @cached_property
    def _widths(self) -> tuple[int, ...]:
        return split(self.geometry.target.columns, self.width)

    @cached_property
    def _is_one_block(self) -> bool:
        """Whether a block of all rows is everything that is loaded."""
        geometry = self.geometry
        words = self._staged_words >= geometry.words
        kernel = self.taps[0] >= geometry.y.kernel and self.taps[1] >= geometry.x.kernel
        whole = self.width == geometry.target.columns and geometry.source.images == 1
        return words and kernel and whole

    @cached_property
    def _staged_words(self) -> int:
        """Words of a pixel that are loaded at a time."""
        geometry = self.geometry
        if geometry.is_matmul:
            return min(self.words, geometry.words) // geometry.blocks
        return min(self.tiles[0] * self._slice_words, geometry.words)

    @cached_property
    def _slice_words(self) -> int:
        return self.geometry.slice_words(self.hardware.array_size)

    @cached_property
    def _slices_and_chunks(self) -> tuple[int, int]:
        """Slices of a position, and chunks."""
        geometry, size = self.geometry, self._slice_words
        taps_y, taps_x = self.taps
        parts = ceil_div(geometry.y.kernel, taps_y) * ceil_div(geometry.x.kernel, taps_x)
        if geometry.reads_rows:
            block = depthwise_block(self.hardware.array_size)
            blocks = (ceil_div(taps, most) for taps, most in zip(self.taps, block, strict=True))
            return math.prod(blocks) * parts, parts
        if not geometry.is_matmul:
            return geometry.taps, parts
        cut = split(geometry.words // geometry.blocks, self.words)
        gaps = self.source.layout is not None and geometry.blocks > 1
        slices = 0
        for words in cut:
            run = taps_x * words
            if (geometry.x.dilation > 1 or gaps) and taps_x > 1:
                slices += taps_y * taps_x * ceil_div(words, size)
            elif self.span:
                slices += ceil_div(taps_y * run, size)
            else:
                slices += taps_y * ceil_div(run, size)
        return slices * parts, parts * len(cut)

    @cached_property
    def _columns(self) -> list[int]:
        """Columns of each tile."""
        tiles = sum(self.tiles)
        return tile_columns(self.geometry.outputs, tiles, self.hardware.array_size)

    @cached_property
    def _jobs_of_block(self) -> int:
        _, chunks = self._slices_and_chunks
        return chunks + (len(self.tiles) - 1) * (chunks if self.source.layout is None else 1)

    @cached_property
    def _weights_of_block(self) -> int:
        """Port cycles of a block's weights."""
        (_, full), (_, last) = self._tile_cycles
        return self._slices_and_chunks[0] * ((len(self._columns) - 1) * full + last)

    @cached_property
    def _tile_cycles(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Cycles and port cycles of the weights of a full tile, and of the last tile."""
        kind = self.geometry.lanes, self.geometry.weight_bits
        first, last = (
            tile_cycles(self.geometry.operation, columns, self.hardware, *kind)
            for columns in (self._columns[0], self._columns[-1])
        )
        return first, last

    @cached_property
    def _known(self) -> dict[int, int]:
        """Height of a row of blocks -> cycles of the array."""
        return {}

    def _computing(self, height: int) -> int:
        """Return the cycles in which the array computes a row of blocks, of all images."""
        if height not in self._known:
            self._known[height] = self._computed(height)
        return self._known[height]

    def _computed(self, height: int) -> int:
        pool = self.geometry.pool[0] * self.geometry.pool[1]
        (tile, _), (last_tile, _) = self._tile_cycles
        is_integer = self.geometry.lanes > 1
        reuse = INTEGER_ACCUMULATE_LATENCY if is_integer else ACCUMULATE_LATENCY
        cycles = 0
        for width, blocks in _counts(self._widths):
            positions = self._issued_rows(height) * self._issued_columns(width) * pool
            cycles += blocks * sum(
                count * max(part * max(positions, tile), reuse)
                for part, count in _counts(self.tiles)
            )
            cycles -= blocks * max(tile - max(positions, last_tile), 0)
        return self.geometry.source.images * self._slices_and_chunks[0] * cycles

    def _issued_columns(self, width: int) -> int:
        """Return the cycles in which a row of positions enters the array."""
        if not self.geometry.reads_rows:
            return width
        _, columns = depthwise_block(self.hardware.array_size)
        return (width - 1) * self.geometry.x.stride + columns

    def _loaded_words(self, heights: tuple[int, ...], blocks: int) -> int:
        if self.source.layout is not None:
            return self.geometry.source.size if self.source.loads else 0
        _, chunks = self._slices_and_chunks
        whole = chunks == 1 and self.geometry.is_matmul and self.geometry.blocks == 1
        again = 1 if whole else len(self.tiles)
        return blocks * self.window_words(max(heights)) * chunks * again

    @cached_property
    def _streams(self) -> int:
        """Streams between store path and memory."""
        return int(self.target.memory) + int(self.target.residual is not None)

    @cached_property
    def _beats(self) -> int:
        """Cycles in which a position's results are stored."""
        hardware = self.hardware
        bends = self.target.slope or self.target.function
        wide = self._streams == 0 and not bends
        lanes = hardware.store_words if wide else hardware.port_words
        if self.geometry.lanes > 1:
            lanes = hardware.integer_lanes
        return sum(ceil_div(columns, lanes) for columns in self._columns)

    @cached_property
    def _stored(self) -> int:
        """Stored positions of all images."""
        target = self.geometry.target
        return self.geometry.source.images * target.rows * target.columns

    @cached_property
    def _transfers(self) -> int:
        """Port cycles of storing."""
        beats = self._beats
        if self.geometry.lanes > 1:
            beats = sum(ceil_div(count, self.hardware.port_bytes) for count in self._columns)
        return self._streams * self._stored * beats

    @cached_property
    def _storing(self) -> int:
        """Cycles of the store path."""
        pool = self.geometry.pool[0] * self.geometry.pool[1]
        pooling = len(self._columns) * (pool - 1)
        if self.geometry.lanes > 1:
            return self._stored * self._beats * pool
        return self._stored * max(self._streams * self._beats, pooling + self._beats)


def tiles_of_two(blocks: tuple[int, ...]) -> int:
    """Return the most tiles in two consecutive blocks, which use accumulators at the same time."""
    return max(map(sum, zip(blocks, (*blocks[1:], blocks[0]), strict=True)))


def split(size: int, step: int) -> tuple[int, ...]:
    """Return `size` as parts of `step` and the remainder."""
    return tuple(min(step, size - start) for start in range(0, size, step))


def _points(axis: Axis, positions: int, taps: int) -> int:
    """Return the grid points under a window's taps along an axis."""
    if taps == 1:
        return positions
    return (positions - 1) * axis.stride + (taps - 1) * axis.dilation + 1


@lru_cache(maxsize=_REMEMBERED)
def _counts(sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Return each size, and how often it occurs."""
    return tuple(Counter(sizes).items())
