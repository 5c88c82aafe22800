"""What operators that move values share: strided copies, and everything that follows from them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from modelgen.operators.base import (
    Arrays,
    Bounded,
    Cut,
    Kernel,
    Operator,
    Shape,
    Table,
    change_text,
)

_SHORTEST_RUN = 8
"""Words from which on the CPU copies a contiguous run faster than a longer strided one."""
_FILL_START = {1: 30.0, 4: 0.0}
_FILL_CYCLES = {1: 0.4, 4: 1.6}
"""Bytes of an element -> cycles before filling, and of filling one."""
_STRIDED_LINE = {1: (20, 9.5), 4: (24, 22)}
"""Bytes of an element -> cycles before a line of strided ones, and of four of them."""
FILL = -1
"""The source of values that are no input's."""


@dataclass(frozen=True)
class Part:
    """A strided box of an input, and the box of the output that gets its values; in elements."""

    source: int
    """Index of the input; `FILL` for a box that gets the fill value."""
    sizes: Shape
    """Of both boxes, the outermost dimension first."""
    source_offset: int
    """Index of the input's first element."""
    source_strides: tuple[int, ...]
    """Between neighbours in the input: negative for a reversed dimension, 0 for a repeated one."""
    offset: int
    """Index of the output's first element."""
    strides: tuple[int, ...]
    """Between neighbours in the output."""

    def merged(self) -> Part:
        """Return the same part with as few dimensions as possible, at least one."""
        dimensions: list[tuple[int, int, int]] = []
        for size, read, written in zip(self.sizes, self.source_strides, self.strides, strict=True):
            if size == 1:
                continue
            if dimensions and dimensions[-1][1:] == (size * read, size * written):
                dimensions[-1] = (dimensions[-1][0] * size, read, written)
            else:
                dimensions.append((size, read, written))
        return self._with(dimensions or [(1, 1, 1)])

    def in_order_for_loops(self) -> Part:
        """Return the same part with the dimension last that an inner loop copies fastest."""
        dimensions = list(zip(self.sizes, self.source_strides, self.strides, strict=True))

        def speed(dimension: tuple[int, int, int]) -> tuple[bool, int]:
            size, *strides = dimension
            return strides == [1, 1] and size >= _SHORTEST_RUN, size

        return self._with(sorted(dimensions, key=speed))

    def _with(self, dimensions: Sequence[tuple[int, int, int]]) -> Part:
        sizes, read, written = zip(*dimensions, strict=True)
        return Part(self.source, sizes, self.source_offset, read, self.offset, written)


_NOTHING = Part(0, (0,), 0, (1,), 0, (1,))


class Copy(NamedTuple):
    """A view of an input, and the view of the output that gets its values, of the same shape."""

    source: int
    """Index of the input."""
    read: np.ndarray
    written: np.ndarray


class Movement(Operator):
    """An operator whose output consists of values of its inputs, and of a constant.

    All that it computes, and its kernel, follow from the copies that it is made of.
    """

    @property
    def fill(self) -> float | None:
        """Value of the elements that no copy writes; None if there are none."""
        return None

    @abstractmethod
    def copies(self, inputs: Sequence[np.ndarray], output: np.ndarray) -> Iterable[Copy]:
        """Return what is copied: views of the inputs, and of an output that they write.

        Args:
            inputs: arrays of any type.
            output: array of the output's shape.
        """

    def parts(self, inputs: Sequence[Shape], strides: tuple[int, ...] | None = None) -> list[Part]:
        """Return the copies as offsets and strides in contiguous inputs and an output.

        Args:
            inputs: shapes of the inputs.
            strides: of the output, in elements; None: contiguous.
        """
        # One byte an element: distances in bytes are distances in elements.
        sources = [np.empty(shape, np.uint8) for shape in inputs]
        output = np.empty(self.infer_shape(inputs, {}), np.uint8)
        if strides is not None:
            # Only addresses matter: nothing is written.
            output = as_strided(output, output.shape, strides)
        return [
            Part(
                source,
                read.shape,
                _address(read) - _address(sources[source]),
                read.strides,
                _address(written) - _address(output),
                written.strides,
            )
            for source, read, written in self.copies(sources, output)
            if read.size
        ]

    def gaps(self, inputs: Sequence[Shape]) -> list[Part]:
        """Return boxes of all elements that no copy writes.

        Args:
            inputs: shapes of the inputs.
        """
        return []

    def evaluate_exact(
        self, inputs: Sequence[np.ndarray], constants: Arrays, cut: Cut
    ) -> np.ndarray:
        """See `Operator.evaluate_exact`.

        Bits stay as they are. The engine keeps those of all numbers, but not those of a NaN that is
        not the canonical one; neither inputs nor results of other operators have any.
        """
        return self._move(inputs, self.fill)

    def error_bound(self, inputs: Sequence[Bounded], constants: Arrays) -> Bounded:
        """See `Operator.error_bound`."""
        values, errors = zip(*inputs, strict=True)
        return self._move(values, self.fill), self._move(errors, 0.0)

    def _move(self, inputs: Sequence[np.ndarray], fill: float | None) -> np.ndarray:
        shape = self.infer_shape([values.shape for values in inputs], {})
        output = np.full(shape, 0.0 if fill is None else fill, inputs[0].dtype)
        for _, read, written in self.copies(inputs, output):
            written[...] = read
        return output

    def kernel(self, inputs: Sequence[Shape], constants: Arrays) -> Kernel | None:
        """See `Operator.kernel`; of words, with a contiguous output."""
        return self.copying(inputs)

    def copying(
        self,
        inputs: Sequence[Shape],
        element_bytes: int = 4,
        strides: tuple[int, ...] | None = None,
    ) -> Kernel | None:
        """Return the function that moves elements of a size on the CPU, or None.

        Args:
            inputs: shapes of the node's inputs.
            element_bytes: 4 or 1.
            strides: of the output, in elements; None: contiguous, as is required by a fill value.
        """
        if len(inputs) != 1:
            return None
        found = [part.merged().in_order_for_loops() for part in self.parts(inputs, strides)]
        # There may be nothing but the fill value.
        parts = found or [_NOTHING]
        rank = max(len(part.sizes) for part in parts)
        table = Table(f"Box<{rank}>", tuple(_box(part, rank) for part in parts))
        cycles = sum(_cycles(part, element_bytes) for part in parts)
        gaps = self.gaps(inputs)
        if self.fill is None or not gaps:
            return Kernel("move.hpp", "move", table=table, cycles=cycles)
        first, end = min(part.offset for part in gaps), max(map(_end, gaps))
        bits = int(np.float32(self.fill).view(np.uint32))
        value = f"heepstor::to_float(0x{bits:08x})" if element_bytes == 4 else f"{self.fill:.0f}"
        arguments = value, str(first), str(end - first)
        cycles += _FILL_START[element_bytes] + _FILL_CYCLES[element_bytes] * (end - first)
        return Kernel("move.hpp", "fill_and_move", arguments, table, cycles=cycles)

    def shape_text(self, inputs: Sequence[Shape], output: Shape) -> str:
        """Return the dimensions before and after, without a batch of one."""
        return change_text(inputs[0], output)


def _address(array: np.ndarray) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _end(part: Part) -> int:
    """Return the index behind the output's last element that a part writes."""
    last = ((size - 1) * step for size, step in zip(part.sizes, part.strides, strict=True))
    return part.offset + sum(last) + 1


def _cycles(part: Part, element_bytes: int) -> float:
    """Return the cycles that the kernel takes for a part."""
    *outer, size = part.sizes
    is_run = (part.source_strides[-1], part.strides[-1]) == (1, 1)
    if element_bytes == 1 and is_run:
        words, rest = divmod(size, 4) if _in_words(part) else (0, size)
        line = 60.0 + sum(22 * (count // 8) + 7 * (count % 8) for count in (words, rest))
    else:
        begin, four = (20, 13) if is_run else _STRIDED_LINE[element_bytes]
        line = begin + four * (size // 4) + 7.0 * (size % 4)
    return 40.0 + math.prod(outer) * line


def _in_words(part: Part) -> bool:
    """Return whether runs of bytes begin at whole words on both sides."""
    steps = *part.source_strides[:-1], *part.strides[:-1]
    return all(place % 4 == 0 for place in (part.source_offset, part.offset, *steps))


def _box(part: Part, rank: int) -> str:
    """Return the initializer of a `heepstor::Box` with `rank` dimensions."""
    dimensions = [(1, 0, 0)] * (rank - len(part.sizes))
    dimensions += zip(part.sizes, part.source_strides, part.strides, strict=True)
    lists = ", ".join("{" + ", ".join(map(str, dimension)) + "}" for dimension in dimensions)
    return f"{{{part.source_offset}, {part.offset}, {{{lists}}}}}"
