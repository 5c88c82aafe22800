"""Layout of a feature map in the activation buffer: rows with a frame of padding.

The words between two rows are both the right padding of the first and the left padding of the
second. If a convolution's slices continue from one kernel row into the next, the rows' pitch is
congruent to the length of a kernel row, modulo the buffer's banks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import MOST_CROSSINGS
from modelgen.targets.systolic.geometry import Geometry, View
from modelgen.targets.systolic.scratchpad.pairs import share_of_pairs

FIELD_LIMIT = 0xFFFF
"""Largest value of a descriptor's 16-bit fields."""


def ceil_div(value: int, divisor: int) -> int:
    """Return the quotient, rounded up."""
    return -(-value // divisor)


@dataclass(frozen=True)
class Layout:
    """Where feature maps are in the buffer, in words."""

    view: View
    pitch: int
    """Words between the beginnings of rows."""
    head: int = 0
    """Words before the first row of each map."""
    tail: int = 0
    """Words after the last row's pitch."""
    fill: float | None = None
    """The value of head, tail and gaps; None: they are never read."""
    base: int = 0

    @property
    def image_words(self) -> int:
        """Words from one map to the next."""
        return self.head + self.view.rows * self.pitch + self.tail

    @property
    def size(self) -> int:
        """Words of all maps."""
        return self.view.images * self.image_words

    @property
    def dense(self) -> bool:
        """Whether the maps are contiguous, as in memory."""
        return self.head == 0 and self.tail == 0 and self.pitch == self.view.row_words

    def at(self, image: int, row: int, column: int) -> int:
        """Return the first word of a pixel; rows and columns of the frame are negative."""
        pixel = row * self.pitch + column * self.view.words
        return self.base + image * self.image_words + self.head + pixel

    def part(self, row: int, rows: int) -> Layout:
        """Return the layout of some rows of a single map; what is around them is no frame of it."""
        view = replace(self.view, rows=rows)
        return replace(self, view=view, head=0, tail=0, base=self.at(0, row, 0))

    def seen_as(self, view: View) -> Layout | None:
        """Return the layout of the same words viewed as other maps; None if it has gaps."""
        if view.has_rows_of(self.view):
            return replace(self, view=view)
        return replace(self, view=view, pitch=view.row_words) if self.dense else None

    def pads(self, geometry: Geometry) -> bool:
        """Return whether the frame provides the padding that a window needs."""
        if not geometry.pads:
            return True
        y, x = geometry.y, geometry.x
        words = self.view.words
        gap = max(x.before, x.after) * words
        return (
            self.fill == geometry.padding_value
            and self.pitch >= self.view.row_words + gap
            and self.head >= y.before * self.pitch + x.before * words
            and self.tail >= _tail(y.after, x.after * words, self.pitch, self.view)
        )

    def suits(self, geometry: Geometry, hardware: Hardware) -> bool:
        """Return whether a layer that reads several kernel rows at a time can read these."""
        step = geometry.y.dilation * self.pitch if geometry.y.kernel > 1 else 0
        return not geometry.reads_rows or can_read_rows(step, hardware)


def _tail(rows: int, beside: int, pitch: int, view: View) -> int:
    """Return the words behind the last row's pitch that rows of padding take.

    Args:
        rows: of padding.
        beside: words of padding behind a row.
        pitch: words between the beginnings of rows.
        view: the maps.
    """
    return (rows - 1) * pitch + view.row_words + beside if rows else 0


def _words_beside(geometry: Geometry) -> tuple[int, int]:
    """Return the words of padding before and behind a row."""
    return max(geometry.x.before, 0) * geometry.words, geometry.x.after * geometry.words


def saves_slices(geometry: Geometry, hardware: Hardware) -> int:
    """Return how many slices each position saves if slices cross kernel rows."""
    size = geometry.slice_words(hardware.array_size)
    run, rows = geometry.x.kernel * geometry.words, geometry.y.kernel
    spans = geometry.is_matmul and rows > 1 and geometry.blocks == 1
    spans = spans and (geometry.x.dilation == 1 or geometry.x.kernel == 1)
    if not spans or (MOST_CROSSINGS * run < size and rows > MOST_CROSSINGS + 1):
        return 0
    return rows * ceil_div(run, size) - ceil_div(rows * run, size)


def can_span(pitch: int, run: int, hardware: Hardware) -> bool:
    """Return whether slices can span runs that are `pitch` words apart.

    Each run has to continue in the bank after the last word of the run before it.
    """
    return (pitch - run) % hardware.banks == 0


def can_read_rows(pitch: int, hardware: Hardware) -> bool:
    """Return whether columns of kernel rows that are `pitch` words apart are read in one cycle.

    Each is in the next quarter of the banks; a single kernel row is 0 words apart.
    """
    return pitch == 0 or pitch % hardware.banks == hardware.quarter


def layout_for(view: View, readers: Sequence[Geometry], hardware: Hardware) -> Layout:
    """Return the layout that suits the readers of a tensor, which need the same padding value."""
    maps = [reader for reader in readers if reader.source.has_rows_of(view)]
    padded = [reader for reader in maps if reader.pads]
    edges = [(r.y.before, r.y.after, *_words_beside(r)) for r in padded]
    top, bottom, left, right = map(max, zip(*edges, strict=True)) if edges else (0, 0, 0, 0)
    least = view.row_words + max(left, right)
    needs_dense = len(maps) < len(readers) and not padded
    pitch = least if needs_dense else _best_pitch(least, maps, hardware)
    return Layout(
        view=view,
        pitch=pitch,
        head=top * pitch + left,
        tail=_tail(bottom, right, pitch, view),
        fill=padded[0].padding_value if padded else None,
    )


def _best_pitch(least: int, readers: Sequence[Geometry], hardware: Hardware) -> int:
    """Return the smallest pitch >= `least` with which readers save the most slices."""
    pitches = range(least, least + hardware.banks)
    return max(pitches, key=lambda pitch: (_saved(pitch, readers, hardware), -pitch))


def _saved(pitch: int, readers: Iterable[Geometry], hardware: Hardware) -> tuple[int, float]:
    """Return how many readers that need a certain pitch have it, and the slices that are saved."""
    reading, saved = 0, 0.0
    for reader in readers:
        step = reader.y.dilation * pitch
        reading += reader.reads_rows and can_read_rows(step, hardware)
        tiles = ceil_div(reader.outputs, hardware.array_size)
        issues = reader.positions * tiles
        slices = saves_slices(reader, hardware)
        if slices and can_span(step, reader.x.kernel * reader.words, hardware):
            saved += slices * issues
        if reader.pairs:
            words = reader.y.stride * reader.pool[0] * pitch
            share = share_of_pairs(reader.target.rows, words, hardware)
            saved += share / 2 * _slices(reader, hardware) * issues
    return reading, saved


def _slices(geometry: Geometry, hardware: Hardware) -> int:
    """Return the slices of a position, none of which crosses kernel rows."""
    if not geometry.is_matmul:
        return geometry.taps
    run = geometry.x.kernel * geometry.words // geometry.blocks
    return geometry.y.kernel * ceil_div(run, geometry.slice_words(hardware.array_size))
