"""Cutting of a layer into engine jobs.

Positions are cut into blocks of rows (and of columns, if not even one row fits), output channels
into blocks of tiles, and the window into chunks. If the window is whole, a block is loaded once for
all its tiles; chunks are loaded again for each block of tiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelgen.hardware import Hardware
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.jobs import Compute, Job, Load, Place, Store
from modelgen.targets.systolic.scratchpad.layout import Layout, can_span, ceil_div
from modelgen.targets.systolic.scratchpad.pairs import pair_rows
from modelgen.targets.systolic.tiling.window import (
    Block,
    Chunk,
    chunks_of,
    resident,
    slices_of,
    staged,
    whole_window,
)


@dataclass(frozen=True)
class Source:
    """Where a layer's input is."""

    tensor: str
    layout: Layout | None = None
    """Where it is in the buffer; None: it is streamed from memory."""
    loads: bool = False
    """Whether this layer loads it into the buffer, rows ahead of their use."""
    staging: tuple[int, int] = (0, 0)
    """(first word, words) of the area of the buffer for streaming."""
    offset: int = 0
    """Words before it in memory, if it is a part of the tensor."""


@dataclass(frozen=True)
class Target:
    """Where a layer's output goes."""

    tensor: str
    memory: bool
    layout: Layout | None = None
    residual: str | None = None
    """The operand that is added, or that results are multiplied by."""
    word: int = 0
    """Word of each pixel of its buffer where the output's channels begin."""
    pixel: int | None = None
    """Words of the buffer's pixels; None: as many as the output's."""
    function: bool = False
    """Whether results are a function by a table."""
    slope: bool = False
    """Whether negative results have a factor of their own."""
    row: int = 0
    """Where the output's rows begin in the maps of its buffer."""


@dataclass(frozen=True)
class Tiling:
    """How a layer is cut."""

    heights: tuple[int, ...]
    """Stored rows of each block of rows."""
    width: int
    """Stored columns of a block."""
    tiles: tuple[int, ...]
    """Tiles of each block of output channels."""
    taps: tuple[int, int]
    """Kernel rows, kernel columns of a chunk."""
    words: int
    """Words of an input pixel in a chunk."""
    span: bool
    """Whether slices continue from one kernel row into the next."""


def spans(geometry: Geometry, source: Source, taps: tuple[int, int], hardware: Hardware) -> bool:
    """Return whether the source's layout permits slices that span kernel rows."""
    if source.layout is None:
        # The number of banks is a power of two, so with an odd dilation some pitch suits any run.
        return taps[0] > 1 and geometry.y.dilation % 2 == 1
    seen = source.layout.seen_as(geometry.source)
    if seen is None:
        return can_span(source.layout.pitch, source.layout.view.row_words, hardware)
    run = geometry.x.kernel * geometry.words
    return can_span(geometry.y.dilation * seen.pitch, run, hardware)


@dataclass(frozen=True)
class Stream:
    """A weight stream: weights in the order in which jobs use them."""

    chunk: Chunk
    slices: list[np.ndarray]
    """Indices of K of each slice; empty if each channel has its own weights."""
    first_tile: int
    tiles: int


@dataclass(frozen=True)
class Cut:
    """A layer's jobs, and the slices of their weights."""

    jobs: list[Job]
    slices: tuple[np.ndarray, ...]
    """Indices of K of each slice of all chunks, in the order in which slices are added."""
    streams: tuple[Stream, ...]
    """Weight streams; `Job.weights` is an index into them."""


def cut(
    geometry: Geometry, source: Source, target: Target, tiling: Tiling, hardware: Hardware
) -> Cut:
    """Return the jobs of a layer; accumulators and fences are assigned later."""
    return _Cutter(geometry, source, target, tiling, hardware).cut()


class _Cutter:
    def __init__(
        self,
        geometry: Geometry,
        source: Source,
        target: Target,
        tiling: Tiling,
        hardware: Hardware,
    ) -> None:
        self._geometry = geometry
        self._source = source
        self._target = target
        self._tiling = tiling
        self._hardware = hardware
        self._stages = 0
        self._loaded = 0
        """Rows of the current image already in the buffer, if this layer loads them."""
        self._streams: dict[tuple[Chunk, int, int], int] = {}
        self._slices: dict[Chunk, list[np.ndarray]] = {}

    def cut(self) -> Cut:
        jobs = list(self._jobs())
        streams = tuple(
            Stream(chunk, self._slices[chunk], first, tiles)
            for chunk, first, tiles in self._streams
        )
        order = [s for chunk in self._chunks_added() for s in self._slices.get(chunk, [])]
        return Cut(jobs, tuple(order), streams)

    def _chunks_added(self) -> Iterable[Chunk]:
        """Return the chunks that an output adds, or those that the outputs of each block add."""
        tiles = list(_ranges(self._tiling.tiles))
        if self._geometry.blocks == 1:
            tiles = tiles[:1]
        return dict.fromkeys(chunk for each in tiles for chunk in self._chunks(each))

    def _jobs(self) -> Iterator[Job]:
        for image in range(self._geometry.source.images):
            self._loaded = 0
            for y in _ranges(self._tiling.heights):
                columns = self._geometry.target.columns
                for x in range(0, columns, self._tiling.width):
                    x_range = range(x, min(x + self._tiling.width, columns))
                    yield from self._block(image, y, x_range)

    def _block(self, image: int, y: range, x: range) -> Iterator[Job]:
        """Yield the jobs of some stored positions: for each block of tiles, its chunks."""
        pool_y, pool_x = self._geometry.pool
        block = Block(
            image,
            range(y.start * pool_y, y.stop * pool_y),
            range(x.start * pool_x, x.stop * pool_x),
        )
        held: tuple[Load, Compute] | None = None
        for tiles in _ranges(self._tiling.tiles):
            chunks = self._chunks(tiles)
            feeds: list[tuple[Load | None, Compute]] = []
            for chunk in chunks:
                load, compute, held = self._feed(block, chunk, tiles.start, held)
                feeds.append((load, compute))
            pairs = self._pair_rows([compute for _, compute in feeds], len(y))
            for number, (chunk, (load, compute)) in enumerate(zip(chunks, feeds, strict=True)):
                last = number == len(chunks) - 1
                yield Job(
                    operation=self._geometry.operation,
                    lanes=self._geometry.lanes,
                    pair_rows=pairs,
                    compute=compute,
                    channel=tiles.start * self._hardware.array_size,
                    outputs=len(self._outputs(tiles)),
                    tiles=len(tiles),
                    first=number == 0,
                    weights=self._stream(chunk, tiles),
                    weight_bits=self._geometry.weight_bits,
                    load=load,
                    store=self._store(image, y, x, tiles) if last else None,
                    window=self._geometry.pool,
                )

    def _pair_rows(self, reads: Sequence[Compute], rows: int) -> int:
        """Return the stored rows between those that are computed at a time, in all of some jobs."""
        if not self._geometry.pairs:
            return 0
        steps = {compute.step_y * self._geometry.pool[0] for compute in reads}
        return pair_rows(rows, steps, self._hardware)

    def _outputs(self, tiles: range) -> range:
        size = self._hardware.array_size
        return range(tiles.start * size, min(tiles.stop * size, self._geometry.outputs))

    def _words(self, tiles: range) -> range:
        """Return the words of a pixel that have the channels of some tiles."""
        channels, lanes = self._outputs(tiles), self._geometry.lanes
        return range(channels.start // lanes, ceil_div(channels.stop, lanes))

    def _chunks(self, tiles: range) -> list[Chunk]:
        """Return the chunks in the order in which they are added; one if all input is resident."""
        geometry, tiling = self._geometry, self._tiling
        if self._source.layout is not None and (tiles.start > 0 or not self._source.loads):
            chunks = [whole_window(geometry)]
        else:
            chunks = chunks_of(geometry, tiling.taps, tiling.words)
        if geometry.is_matmul and geometry.blocks == 1:
            return chunks
        words = self._block_read(tiles) if geometry.is_matmul else self._words(tiles)
        return [replace(chunk, words=words) for chunk in chunks]

    def _block_read(self, tiles: range) -> range:
        """Return the words of input pixels that outputs of some tiles of one block depend on."""
        geometry = self._geometry
        outputs, words = geometry.outputs // geometry.blocks, geometry.words // geometry.blocks
        block = tiles.start * self._hardware.array_size // outputs
        return range(block * words, (block + 1) * words)

    def _feed(
        self,
        block: Block,
        chunk: Chunk,
        first_tile: int,
        held: tuple[Load, Compute] | None,
    ) -> tuple[Load | None, Compute, tuple[Load, Compute] | None]:
        """Return what to load, how to read it, and what stays loaded for later tiles."""
        geometry, span = self._geometry, self._tiling.span
        if self._source.layout is not None:
            compute = resident(geometry, block, chunk, self._source.layout, span=span)
            load = None
            if self._source.loads and first_tile == 0:
                load = self._progressive(block, chunk, self._source.layout)
            return load, compute, None
        if geometry.is_matmul and chunk.covers(geometry) and held is not None:
            return None, held[1], held
        load, compute, words = staged(
            geometry, block, chunk, self._source.tensor, span=span, hardware=self._hardware
        )
        base = self._stage(words)
        loaded = replace(load, base=base, source=self._place(load))
        moved = loaded, replace(compute, base=base + compute.base)
        return *moved, moved

    def _place(self, load: Load) -> Place | None:
        """Return what a load reads in the tensor of which the source is a part."""
        place = load.source
        return place and replace(place, offset=place.offset + 4 * self._source.offset)

    def _stage(self, words: int) -> int:
        """Return where to stage: the area's halves in turn, or its start if they are too small."""
        base, size = self._source.staging
        half = size // 2
        self._stages += 1
        return base + (half if self._stages % 2 == 0 and words <= half else 0)

    def _progressive(self, block: Block, chunk: Chunk, whole: Layout) -> Load | None:
        """Return a load of the rows that a block is the first to read.

        The first block of a map loads at least one row, even if it reads only padding, because the
        words above the first row are filled by the same load.
        """
        view = self._geometry.source
        layout = whole.seen_as(view)
        assert layout is not None
        divides = self._geometry.is_matmul and self._geometry.blocks == 1
        words = chunk.words if divides else range(view.words)
        last_chunk = words.stop == view.words
        is_last = block.y.stop == self._geometry.y.outputs
        reach = max(self._geometry.y.reach(block.y.stop), 1)
        end = view.rows if is_last else min(reach, view.rows)
        rows = range(self._loaded, max(end, self._loaded))
        if last_chunk:
            self._loaded = rows.stop
        return self._load_rows(layout, block.image, rows, words) if rows else None

    def _load_rows(self, layout: Layout, image: int, rows: range, words: range) -> Load:
        view = layout.view
        begins, ends = rows.start == 0, rows.stop == view.rows
        whole = len(words) == view.words
        offset = (image * view.rows + rows.start) * view.row_words + words.start
        row = layout.at(image, rows.start, 0) + words.start
        framed = layout.fill is not None
        return Load(
            rows=len(rows),
            columns=1,
            words=view.row_words if whole else len(words),
            base=row - (layout.head if begins and framed else 0),
            pitch=layout.pitch,
            head=layout.head if begins and framed else 0,
            tail=layout.tail if ends and framed else 0,
            source=Place(self._source.tensor, 4 * offset),
            row_pitch=4 * view.row_words,
            fill=layout.fill,
        )

    def _stream(self, chunk: Chunk, tiles: range) -> int | None:
        """Return the index of a weight stream, or None if the operation has no weights."""
        geometry = self._geometry
        if chunk not in self._slices:
            self._slices[chunk] = self._slices_of(chunk)
        if not geometry.is_matmul and not geometry.macs:
            return None
        key = (chunk, tiles.start, len(tiles))
        return self._streams.setdefault(key, len(self._streams))

    def _slices_of(self, chunk: Chunk) -> list[np.ndarray]:
        if not self._geometry.is_matmul:
            return []
        layout = self._source.layout
        rows = 0
        if layout is not None and layout.seen_as(self._geometry.source) is None:
            rows = layout.view.row_words
        return slices_of(
            self._geometry,
            chunk,
            span=self._tiling.span and (rows > 0 or len(chunk.y) > 1),
            gaps=layout is not None and self._geometry.blocks > 1,
            row_words=rows,
            array_size=self._hardware.array_size,
        )

    def _store(self, image: int, y: range, x: range, tiles: range) -> Store:
        target, view = self._target, self._geometry.target
        word = target.word + self._words(tiles).start
        words = target.pixel or view.words
        pixel = (image * view.rows + target.row + y.start) * view.columns + x.start
        offset = 4 * (pixel * words + word)
        layout = target.layout
        if layout is not None and target.pixel is None:
            layout = layout.seen_as(view) or layout
        in_memory = target.memory or target.residual is not None
        # Readers may see the rows as other pixels than they are stored in.
        first = layout.at(image, target.row + y.start, 0) + x.start * words if layout else 0
        return Store(
            rows=len(y),
            columns=len(x),
            memory=Place(target.tensor, offset) if target.memory else None,
            pitch_y=4 * view.columns * words if in_memory else 0,
            pitch_x=4 * words if in_memory else 0,
            residual=Place(target.residual, offset) if target.residual is not None else None,
            buffer=first + word if layout else None,
            step_y=layout.pitch if layout and len(y) > 1 else 0,
            step_x=words if layout and len(x) > 1 else 0,
            function=target.function,
            slope=target.slope,
        )


def _ranges(sizes: Sequence[int]) -> Iterator[range]:
    start = 0
    for size in sizes:
        yield range(start, start + size)
        start += size


def with_accumulators(jobs: Sequence[Job], groups: int, hardware: Hardware) -> list[Job]:
    """Return jobs with accumulators, at alternating ends for consecutive groups.

    This way, one group can be stored while the next is computed.

    Args:
        jobs: the jobs of a layer; each group begins with a job that begins sums.
        groups: number of groups before these.
        hardware: sizes of the engine.
    """
    placed = []
    for job in jobs:
        groups += job.first
        base = hardware.accumulator_depth - job.entries if groups % 2 == 0 else 0
        placed.append(replace(job, accumulator=base))
    return placed


def frames(layout: Layout) -> list[Load]:
    """Return the loads that fill the frame of each map without touching its pixels."""
    if layout.fill is None:
        return []
    view = layout.view
    return [
        Load(
            rows=view.rows,
            columns=1,
            words=view.row_words,
            base=layout.base + image * layout.image_words,
            pitch=layout.pitch,
            head=layout.head,
            tail=layout.tail,
            fill=layout.fill,
        )
        for image in range(view.images)
    ]


def tile_count(geometry: Geometry, hardware: Hardware) -> int:
    """Return the number of tiles of S output channels."""
    return ceil_div(geometry.outputs, hardware.array_size)
