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

FIELD_LIMIT = 0xFFFF
"""Largest value of a descriptor's 16-bit fields."""


def ceil_div(value: int, divisor: int) -> int:
    """Return the quotient, rounded up."""
    return -(-value // divisor)


@dataclass(frozen=True)
class Layout:
    """Where feature maps are in the buffer, in words of FP32."""

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
        pixel = row * self.pitch + column * self.view.channels
        return self.base + image * self.image_words + self.head + pixel

    def part(self, row: int, rows: int) -> Layout:
        """Return the layout of some rows of a single map; what is around them is no frame of it."""
        view = replace(self.view, rows=rows)
        return replace(self, view=view, head=0, tail=0, base=self.at(0, row, 0))

    def seen_as(self, view: View) -> Layout | None:
        """Return the layout of the same words viewed as other maps; None if it has gaps."""
        if view == self.view:
            return self
        return replace(self, view=view, pitch=view.row_words) if self.dense else None

    def pads(self, geometry: Geometry) -> bool:
        """Return whether the frame provides the padding that a window needs."""
        if not geometry.pads:
            return True
        y, x = geometry.y, geometry.x
        channels = self.view.channels
        gap = max(x.before, x.after) * channels
        return (
            self.fill == geometry.padding_value
            and self.pitch >= self.view.row_words + gap
            and self.head >= y.before * self.pitch + x.before * channels
            and self.tail >= _tail(y.after, x.after, self.pitch, self.view)
        )


def _tail(rows: int, columns: int, pitch: int, view: View) -> int:
    if rows == 0:
        return 0
    return (rows - 1) * pitch + view.row_words + columns * view.channels


def saves_slices(geometry: Geometry, hardware: Hardware) -> int:
    """Return how many slices each position saves if slices cross kernel rows."""
    size = hardware.array_size
    run, rows = geometry.x.kernel * geometry.channels, geometry.y.kernel
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


def layout_for(view: View, readers: Sequence[Geometry], hardware: Hardware) -> Layout:
    """Return the layout that suits the readers of a tensor, which need the same padding value."""
    maps = [reader for reader in readers if reader.source == view]
    padded = [reader for reader in maps if reader.pads]
    edges = [(r.y.before, r.y.after, r.x.before, r.x.after) for r in padded]
    top, bottom, left, right = map(max, zip(*edges, strict=True)) if edges else (0, 0, 0, 0)
    least = view.row_words + max(left, right) * view.channels
    needs_dense = len(maps) < len(readers) and not padded
    pitch = least if needs_dense else _spanning_pitch(least, maps, hardware)
    return Layout(
        view=view,
        pitch=pitch,
        head=top * pitch + left * view.channels,
        tail=_tail(bottom, right, pitch, view),
        fill=padded[0].padding_value if padded else None,
    )


def _spanning_pitch(least: int, readers: Iterable[Geometry], hardware: Hardware) -> int:
    """Return the smallest pitch >= `least` with which readers save the most slices."""
    wishes = [(reader, saves_slices(reader, hardware)) for reader in readers]

    def saved(pitch: int) -> int:
        return sum(
            slices * reader.positions * ceil_div(reader.outputs, hardware.array_size)
            for reader, slices in wishes
            if slices
            and can_span(reader.y.dilation * pitch, reader.x.kernel * reader.channels, hardware)
        )

    return max(range(least, least + hardware.banks), key=lambda pitch: (saved(pitch), -pitch))
