"""Cutting of a movement into jobs that copy: each finds the maximum of single words.

A job copies runs of consecutive words, one for each position: rows and columns of positions are at
any distances on either side. If no dimension of a box is consecutive on all sides, runs have one
word. The store path multiplies by 1 and adds -0, which keeps every number as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from modelgen.hardware import Hardware
from modelgen.operators.movement import FILL
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.jobs import Compute, Job, Load, Place, Store
from modelgen.targets.systolic.scratchpad.layout import Layout, ceil_div
from modelgen.targets.systolic.tiling.boxes import Box, Dimension, Storage, stored
from modelgen.targets.systolic.tiling.cut import Source, Target

_MOST_TILES = 4
"""Tiles of a run: longer ones would only need more scales and biases."""
_READ = 0
"""The side of a box that is read."""
_ONE = Dimension(1, (0, 0, 0))
"""A dimension to make two of fewer."""


def copies(geometry: Geometry, source: Source, target: Target, hardware: Hardware) -> list[Job]:
    """Return the jobs of a movement; accumulators, scales and biases, and fences follow later.

    Args:
        geometry: of a movement.
        source: where its input is: in the buffer, or in memory.
        target: where its output goes.
        hardware: sizes of the engine.
    """
    return list(_Copier(geometry, source, target, hardware).jobs())


@dataclass(frozen=True)
class _Piece:
    """A box whose source is in the buffer, and what puts it there."""

    box: Box
    load: Load | None


class _Copier:
    def __init__(
        self, geometry: Geometry, source: Source, target: Target, hardware: Hardware
    ) -> None:
        self._parts = geometry.parts
        self._fill = geometry.fill
        self._source = source
        self._target = target
        self._hardware = hardware
        self._staged = 0
        self._half = source.staging[1] // 2
        size = hardware.array_size
        tiles = _MOST_TILES if source.layout else min(_MOST_TILES, self._half // size)
        self._longest = tiles * size
        """Words of a run."""
        self._storages = [Storage() if source.layout is None else _in_buffer(source.layout)]
        if target.memory:
            self._storages.append(_in_memory(geometry, target))
        if target.layout is not None:
            self._storages.append(_part_in_buffer(target.layout, geometry, target))

    def jobs(self) -> Iterator[Job]:
        for part in self._parts:
            for box in stored(Box.of(part, len(self._storages) - 1), self._storages):
                for short in self._with_short_runs(box):
                    pieces = [self._filled(short)] if part.source == FILL else self._pieces(short)
                    for piece in pieces:
                        yield from self._jobs_of(piece)

    def _with_short_runs(self, box: Box) -> Iterator[Box]:
        """Yield boxes whose runs are not too long."""
        run, most = _run(box), self._longest
        if run.size <= most:
            yield box
            return
        yield box.grouped(run, most)
        rest = run.size % most
        if rest:
            yield box.cut(run, run.size - rest, rest)

    def _pieces(self, box: Box) -> Iterator[_Piece]:
        """Yield parts of a box that fit where they are staged, unless the source is resident."""
        if self._source.layout is not None:
            yield _Piece(box, None)
            return
        outer = _outermost(box)
        words, pitch = self._rows(box, outer)
        fits = words + (outer.size - 1) * pitch <= self._half
        if fits:
            yield self._loaded(box, outer, words, pitch)
            return
        count = max((self._half - words) // pitch + 1, 1)
        for first in range(0, outer.size, count):
            yield from self._pieces(box.cut(outer, first, min(count, outer.size - first)))

    def _filled(self, box: Box) -> _Piece:
        """Return a box all of whose positions read a run of the fill value."""
        run, base = _run(box), self._source.staging[0]
        # A load has a word between head and tail, which is nobody's.
        load = Load(1, 1, 1, base, pitch=1, head=run.size, fill=self._fill)
        dimensions = (
            each if each == run else Dimension(each.size, (0, *each.steps[1:]))
            for each in box.dimensions
        )
        starts = (base, *box.starts[1:])
        return _Piece(Box(starts, tuple(dimensions)), load)

    def _rows(self, box: Box, outer: Dimension) -> tuple[int, int]:
        """Return the words to load for each index of a dimension, and between those in the buffer.

        What lies between is loaded too unless that takes much longer.
        """
        step, port = outer.steps[_READ], self._hardware.port_words
        words = box.reach(_READ) - (outer.size - 1) * step + 1
        return words, words if 4 * port * ceil_div(words, port) <= 3 * step else step

    def _loaded(self, box: Box, outer: Dimension, words: int, pitch: int) -> _Piece:
        """Return a box in the half of the area for streaming whose turn it is."""
        load = Load(
            rows=outer.size,
            columns=1,
            words=words,
            base=0,
            pitch=pitch,
            source=Place(self._source.tensor, 4 * box.starts[_READ]),
            row_pitch=4 * outer.steps[_READ],
        )
        if pitch == outer.steps[_READ]:
            # All rows are one.
            load = replace(load, rows=1, words=words + (outer.size - 1) * pitch, row_pitch=0)
        self._staged += 1
        base = self._source.staging[0] + (self._half if self._staged % 2 == 0 else 0)
        if outer in box.dimensions:
            inner = Dimension(outer.size, (pitch, *outer.steps[1:]))
            box = box.with_dimension(outer, inner)
        return _Piece(replace(box, starts=(base, *box.starts[1:])), replace(load, base=base))

    def _jobs_of(self, piece: _Piece) -> Iterator[Job]:
        """Yield the jobs of a box, of which the first loads what all read."""
        load = piece.load
        # Single words that were far apart are a run where they are staged.
        for box in self._with_short_runs(piece.box):
            run = _run(box)
            for block in self._blocks(box, run):
                yield self._job(block, run, load)
                load = None

    def _blocks(self, box: Box, run: Dimension) -> Iterator[Box]:
        """Yield parts of a box with rows and columns of positions alone, as many as a job has."""
        positions = sorted((each for each in box.dimensions if each != run), key=lambda d: d.size)
        others, (rows, columns) = positions[:-2], [_ONE, _ONE, *positions][-2:]
        most = self._hardware.accumulator_depth // 2 // self._tiles(run)
        width = min(columns.size, most)
        height = min(rows.size, most // width)
        blocks = product(
            *(range(each.size) for each in others),
            range(0, rows.size, height),
            range(0, columns.size, width),
        )
        for *index, y, x in blocks:
            yield replace(
                box,
                starts=_moved(box.starts, [*others, rows, columns], (*index, y, x)),
                dimensions=(
                    rows._replace(size=min(height, rows.size - y)),
                    columns._replace(size=min(width, columns.size - x)),
                ),
            )

    def _tiles(self, run: Dimension) -> int:
        return ceil_div(run.size, self._hardware.array_size)

    def _job(self, block: Box, run: Dimension, load: Load | None) -> Job:
        """Return the job that copies a run for each position of a block of rows and columns."""
        (height, down), (width, right) = block.dimensions
        compute = Compute(
            base=block.starts[_READ],
            rows=height,
            columns=width,
            step_y=down[_READ] if height > 1 else 0,
            step_x=right[_READ] if width > 1 else 0,
            run=run.size,
        )
        return Job(
            operation=Operation.MAX,
            compute=compute,
            channel=0,
            outputs=run.size,
            tiles=self._tiles(run),
            first=True,
            load=load,
            store=self._store(block),
        )

    def _store(self, block: Box) -> Store:
        (height, down), (width, right) = block.dimensions
        store = Store(height, width)
        target = self._target
        if target.memory:
            store = replace(
                store,
                memory=Place(target.tensor, 4 * block.starts[1]),
                pitch_y=4 * down[1] if height > 1 else 0,
                pitch_x=4 * right[1] if width > 1 else 0,
            )
        if target.layout is not None:
            store = replace(
                store,
                buffer=block.starts[-1],
                step_y=down[-1] if height > 1 else 0,
                step_x=right[-1] if width > 1 else 0,
            )
        return store


def _run(box: Box) -> Dimension:
    """Return the dimension whose values are consecutive on all sides; one value if none is."""
    ones = tuple(1 for _ in box.starts)
    return next((d for d in box.dimensions if d.steps == ones), Dimension(1, ones))


def _outermost(box: Box) -> Dimension:
    """Return the dimension with the largest distances in the source."""
    return max(box.dimensions, key=lambda each: each.steps[_READ], default=_ONE)


def _moved(
    starts: tuple[int, ...], dimensions: Sequence[Dimension], index: Sequence[int]
) -> tuple[int, ...]:
    """Return the places of the value with an index along some dimensions."""
    return tuple(
        start + sum(i * each.steps[side] for i, each in zip(index, dimensions, strict=True))
        for side, start in enumerate(starts)
    )


def _in_buffer(layout: Layout) -> Storage:
    """Return where the values of maps in the buffer are."""
    view = layout.view
    groups = (view.row_words, layout.pitch), (view.image_words, layout.image_words)
    return Storage(layout.at(0, 0, 0), groups)


def _part_in_buffer(layout: Layout, geometry: Geometry, target: Target) -> Storage:
    """Return where the values of the output are in maps in the buffer, of which it may be a part.

    Its channels are next to others in each pixel.
    """
    if target.pixel is None:
        return _in_buffer(layout)
    view = replace(layout.view, words=geometry.target.words)
    groups = (
        (view.words, target.pixel),
        (view.row_words, layout.pitch),
        (view.image_words, layout.image_words),
    )
    return Storage(layout.at(0, 0, 0) + target.word, groups)


def _in_memory(geometry: Geometry, target: Target) -> Storage:
    """Return where the values of the output are in its buffer in memory."""
    if target.pixel is None:
        return Storage()
    return Storage(target.word, ((geometry.outputs, target.pixel),))
