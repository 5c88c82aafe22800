"""Which words of the buffer a block of positions reads, and what it has to load."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from modelgen.hardware import Hardware
from modelgen.targets.systolic.geometry import Axis, Geometry
from modelgen.targets.systolic.jobs import Compute, Load, Place
from modelgen.targets.systolic.scratchpad.layout import Layout, can_read_rows, can_span, ceil_div
from modelgen.targets.systolic.scratchpad.pairs import pair_rows


@dataclass(frozen=True)
class Chunk:
    """A part of the window: kernel rows, kernel columns, words of an input pixel."""

    y: range
    x: range
    words: range

    def covers(self, geometry: Geometry) -> bool:
        """Return whether this is the whole window."""
        parts = (len(self.y), len(self.x), len(self.words))
        return parts == (geometry.y.kernel, geometry.x.kernel, geometry.words)


@dataclass(frozen=True)
class Block:
    """Positions of one feature map, before pooling."""

    image: int
    y: range
    x: range


def whole_window(geometry: Geometry) -> Chunk:
    """Return the chunk that covers the whole window."""
    kernel = range(geometry.y.kernel), range(geometry.x.kernel)
    return Chunk(*kernel, range(geometry.words))


def slices_of(
    geometry: Geometry,
    chunk: Chunk,
    *,
    span: bool,
    row_words: int,
    array_size: int,
    gaps: bool = False,
) -> list[np.ndarray]:
    """Return the indices of K of each slice of a chunk, in order.

    Args:
        geometry: geometry of a matrix product or convolution.
        chunk: part of the window.
        span: whether slices continue from one run into the next.
        row_words: words of a run, if those of the only tap are in several runs; otherwise 0.
        array_size: S.
        gaps: whether other channels lie between those of neighboring pixels.
    """
    words = np.arange(chunk.words.start, chunk.words.stop)
    taps = np.array([[y * geometry.x.kernel + x for x in chunk.x] for y in chunk.y])
    indices = taps[:, :, None] * geometry.words + words
    joined = (geometry.x.dilation == 1 and not gaps) or len(chunk.x) == 1
    if row_words:
        runs = indices.reshape(-1, row_words)
    elif joined:
        runs = indices.reshape(len(chunk.y), -1)
    else:
        runs = indices.reshape(-1, len(words))
    if span:
        runs = runs.reshape(1, -1)
    size = geometry.slice_words(array_size)
    slices = (run[k : k + size] for run in runs for k in range(0, len(run), size))
    values = np.arange(geometry.lanes)
    return [(each[:, None] * geometry.lanes + values).reshape(-1) for each in slices]


@dataclass(frozen=True)
class Grid:
    """The evenly spaced pixels along one axis that a block's chunk reads."""

    start: int
    """First pixel inside the map."""
    step: int
    """Distance between neighbours, in pixels."""
    before: int
    """Grid points before the first pixel."""
    pixels: int
    after: int
    position_step: int
    """Grid points between output positions."""
    tap_step: int
    """Grid points between taps."""

    @property
    def points(self) -> int:
        """Number of grid points, including the padding."""
        return self.before + self.pixels + self.after


def grid(axis: Axis, positions: range, taps: range) -> Grid:
    """Return the grid of some positions and taps; a single tap skips pixels between strides."""
    first = positions.start * axis.stride - axis.before + taps.start * axis.dilation
    count, step = len(positions), axis.stride
    steps = (1, 0)
    if len(taps) > 1:
        count, step = (count - 1) * axis.stride + (len(taps) - 1) * axis.dilation + 1, 1
        steps = (axis.stride, axis.dilation)
    before = min(ceil_div(-first, step), count) if first < 0 else 0
    end = max(min(ceil_div(axis.size - first, step), count), before)
    return Grid(first + before * step, step, before, end - before, count - end, *steps)


def staged(
    geometry: Geometry, block: Block, chunk: Chunk, tensor: str, *, span: bool, hardware: Hardware
) -> tuple[Load, Compute, int]:
    """Return a load of only the words that are read, how they are read, and the words of buffer.

    Both start at word 0 of the buffer; the caller moves them.
    """
    rows, columns = grid(geometry.y, block.y, chunk.y), grid(geometry.x, block.x, chunk.x)
    pixel = len(chunk.words)
    pitch = _pitch(geometry, block, chunk, rows, columns, hardware, span=span)
    compute = _reading(geometry, block, chunk, rows, columns, pixel, pitch, 0, span=span)
    load = _window_load(geometry, block, chunk, tensor, rows, columns, pitch)
    return load, compute, _extent(load)


def _pitch(
    geometry: Geometry,
    block: Block,
    chunk: Chunk,
    rows: Grid,
    columns: Grid,
    hardware: Hardware,
    *,
    span: bool,
) -> int:
    """Return the words between the beginnings of a window's rows: the fewest that suit."""
    pixel, taps = len(chunk.words), len(chunk.x)
    least = columns.pixels * pixel + max(columns.before, columns.after) * pixel
    if columns.pixels == 0:
        least = columns.points * pixel
    # A single kernel row has no next row for a slice to continue in.
    spans = span and rows.tap_step > 0
    stored = len(block.y) // geometry.pool[0]
    step = rows.position_step * geometry.pool[0]

    def is_possible(pitch: int) -> bool:
        if spans and not can_span(rows.tap_step * pitch, taps * pixel, hardware):
            return False
        return not geometry.reads_rows or can_read_rows(rows.tap_step * pitch, hardware)

    def pairs(pitch: int) -> int:
        return pair_rows(stored, [step * pitch], hardware) if geometry.pairs else 0

    possible = filter(is_possible, range(least, least + hardware.banks))
    return min(possible, key=lambda pitch: (-pairs(pitch), pitch))


def _window_load(
    geometry: Geometry,
    block: Block,
    chunk: Chunk,
    tensor: str,
    rows: Grid,
    columns: Grid,
    pitch: int,
) -> Load:
    view, pixel = geometry.source, len(chunk.words)
    if rows.pixels == 0 or columns.pixels == 0:
        # Only padding, but a descriptor needs at least one word that is not filled.
        head = (rows.points - 1) * pitch + columns.points * pixel
        return Load(1, 1, 1, base=0, pitch=1, head=head, fill=geometry.padding_value)
    padded = rows.before or rows.after or columns.before or columns.after
    tail = 0
    if rows.after:
        tail = (rows.after - 1) * pitch + (columns.pixels + columns.after) * pixel
    joined = columns.step == 1 and pixel == view.words
    first = (block.image * view.rows + rows.start) * view.row_words
    first += columns.start * view.words + chunk.words.start
    return Load(
        rows=rows.pixels,
        columns=1 if joined else columns.pixels,
        words=columns.pixels * pixel if joined else pixel,
        base=0,
        pitch=pitch,
        head=rows.before * pitch + columns.before * pixel,
        tail=tail,
        source=Place(tensor, 4 * first),
        row_pitch=4 * rows.step * view.row_words,
        column_pitch=0 if joined else 4 * columns.step * view.words,
        fill=geometry.padding_value if padded else None,
    )


def _extent(load: Load) -> int:
    """Return the number of words from a load's base to the last that it writes."""
    if load.fill is None:
        return load.head + (load.rows - 1) * load.pitch + load.columns * load.words
    return load.head + load.rows * load.pitch + load.tail


def _reading(
    geometry: Geometry,
    block: Block,
    chunk: Chunk,
    rows: Grid,
    columns: Grid,
    pixel: int,
    pitch: int,
    base: int,
    *,
    span: bool,
) -> Compute:
    """Return how a window is read whose rows and pixels are `pitch` and `pixel` words apart."""
    tap_y, tap_x = rows.tap_step * pitch, columns.tap_step * pixel
    run, runs_y, runs_x = len(chunk.words), len(chunk.y), len(chunk.x)
    if geometry.is_matmul and (tap_x == run or runs_x == 1):
        run, runs_x = run * runs_x, 1
    step_x = columns.position_step * pixel if len(block.x) > 1 else 0
    pitch_x = tap_x if runs_x > 1 else 0
    if geometry.reads_rows:
        # Its columns are read one after another, whether or not positions begin there.
        step_x, pitch_x = columns.position_step * pixel, pixel
    return Compute(
        base=base,
        rows=len(block.y),
        columns=len(block.x),
        step_y=rows.position_step * pitch if len(block.y) > 1 else 0,
        step_x=step_x,
        run=run,
        runs_y=runs_y,
        runs_x=runs_x,
        pitch_y=tap_y if runs_y > 1 else 0,
        pitch_x=pitch_x,
        span=span and runs_y > 1 and runs_x == 1,
    )


def resident(
    geometry: Geometry, block: Block, chunk: Chunk, layout: Layout, *, span: bool
) -> Compute:
    """Return how a block is read from feature maps in the buffer."""
    seen = layout.seen_as(geometry.source)
    if seen is None:
        return _maps_as_rows(block, layout, span=span)
    y = block.y.start * geometry.y.stride - geometry.y.before
    x = block.x.start * geometry.x.stride - geometry.x.before
    rows = Grid(0, 1, 0, 0, 0, geometry.y.stride, geometry.y.dilation)
    columns = Grid(0, 1, 0, 0, 0, geometry.x.stride, geometry.x.dilation)
    base = seen.at(block.image, y, x) + chunk.words.start
    pixel, pitch = seen.view.words, seen.pitch
    return _reading(geometry, block, chunk, rows, columns, pixel, pitch, base, span=span)


def _maps_as_rows(block: Block, layout: Layout, *, span: bool) -> Compute:
    """Return how a matrix product is read if each of its rows is one framed feature map."""
    maps = layout.view
    return Compute(
        base=layout.at(block.y.start, 0, 0),
        rows=len(block.y),
        columns=1,
        step_y=layout.image_words if len(block.y) > 1 else 0,
        step_x=0,
        run=maps.row_words,
        runs_y=maps.rows,
        pitch_y=layout.pitch if maps.rows > 1 else 0,
        span=span and maps.rows > 1,
    )


def chunks_of(geometry: Geometry, taps: tuple[int, int], words: int) -> list[Chunk]:
    """Cut the window into chunks of `taps` (rows, columns) and `words` of each pixel."""

    def parts(size: int, step: int) -> list[range]:
        return [range(i, min(i + step, size)) for i in range(0, size, step)]

    cut = product(
        parts(geometry.y.kernel, taps[0]),
        parts(geometry.x.kernel, taps[1]),
        parts(geometry.words, words),
    )
    return [Chunk(*part) for part in cut]
