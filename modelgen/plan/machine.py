"""Execution of a program in main memory, on the reference."""

from __future__ import annotations

import numpy as np

from modelgen.ir.packing import (
    input_offsets,
    output_offsets,
    pack_outputs,
    row_bytes,
    unpack_inputs,
)
from modelgen.ir.views import contiguous
from modelgen.memory.arena import ALIGNMENT
from modelgen.plan.program import CONSTANTS, Program
from modelgen.targets.systolic.reference import UnwrittenReadError, new_seed

BASE = 0x8000_0000
"""Address of main memory."""
WORD_BYTES = 4
_TENSORS = ("arena", "input", "output")
"""Parts of memory that an inference writes before it reads them."""


class Machine:
    """Runs a program's inferences in sequence on the reference.

    All memories are initially filled with junk, and each inference starts with the contents that
    the previous one left. See `modelgen.targets.base.Machine`.
    """

    def __init__(self, program: Program, seed: int | None = None, base: int = BASE) -> None:
        """Lay out the program in memory.

        Args:
            program: a compiled network.
            seed: seed of the junk; None: a different one each time.
            base: address of the first byte.
        """
        self.seed = new_seed() if seed is None else seed
        self.base = base
        self._program = program
        self._places = _lay_out(program, base)
        size = self._places["end"] - base
        self.memory = bytearray(np.random.default_rng(self.seed).bytes(size))
        self.written = np.ones(size // WORD_BYTES, bool)
        for name, data in program.sections.items():
            begin = self._places[name] - base
            self.memory[begin : begin + len(data)] = data
        self._executors = {
            target.name: target.executor(program.network, program.segments_of(target), self)
            for target in program.targets
        }

    def infer(self, values: np.ndarray) -> np.ndarray:
        """Run one inference.

        Args:
            values: the row of inputs; see `modelgen.ir.packing`.

        Returns:
            The row of outputs.

        Raises:
            AssertionError: the program is wrong: it reads data that this inference has not
                written, or the engine rejects a descriptor.
        """
        graph = self._program.graph
        for executor in self._executors.values():
            executor.begin()
        self._mark(self._places[_TENSORS[0]], self._places["end"], written=False)
        for name, value in unpack_inputs(graph, values).items():
            self.write(name, value)
        for segment in self._program.segments:
            self._executors[segment.target].run(segment)
        return pack_outputs(graph, {name: self.read(name) for name in graph.outputs})

    def section(self, name: str) -> int:
        """Return the address of a section."""
        return self._places[name]

    def address(self, tensor: str) -> int:
        """Return the address of a tensor's first element."""
        program = self._program
        graph, view = program.graph, program.network.views[tensor]
        size = graph.tensors[tensor].element.bytes
        offset = view.offset * size
        if view.buffer in program.constant_offsets:
            return self._places[CONSTANTS] + program.constant_offsets[view.buffer] + offset
        for part, ends in (("input", input_offsets(graph)), ("output", output_offsets(graph))):
            for name, first in ends.items():
                if view.buffer == program.network.buffer(name):
                    return self._places[part] + size * first + offset
        return self._places["arena"] + program.arena.offsets[view.buffer] + offset

    def read(self, tensor: str) -> np.ndarray:
        """Return a tensor as a view of memory.

        Raises:
            UnwrittenReadError: part of it was not written by this inference.
        """
        if not self.written[self._words(tensor)].all():
            raise UnwrittenReadError(f"some words of '{tensor}' were not written")
        return self._values(tensor)

    def write(self, tensor: str, values: np.ndarray) -> None:
        """Write a tensor's values."""
        place = self._values(tensor)
        place[...] = np.asarray(values, place.dtype).reshape(place.shape)
        self.written[self._words(tensor)] = True

    def _values(self, tensor: str) -> np.ndarray:
        """Return the part of memory that a tensor occupies."""
        found = self._program.graph.tensors[tensor]
        dtype = found.element.dtype.newbyteorder("<")
        strides = [dtype.itemsize * step for step in self._program.network.views[tensor].strides]
        begin = self.address(tensor) - self.base
        return np.ndarray(found.shape, dtype, self.memory, begin, strides)

    def _words(self, tensor: str) -> slice | np.ndarray:
        """Return the words of memory that a tensor has any bytes in."""
        found = self._program.graph.tensors[tensor]
        strides = self._program.network.views[tensor].strides
        begin = self.address(tensor) - self.base
        if strides == contiguous(found.shape):
            return slice(begin // WORD_BYTES, -(-(begin + found.bytes) // WORD_BYTES))
        steps = np.ix_(*(range(size) for size in found.shape))
        index = sum(stride * step for stride, step in zip(strides, steps, strict=True))
        return np.unique((begin + found.element.bytes * np.asarray(index)) // WORD_BYTES)

    def _mark(self, begin: int, end: int, *, written: bool) -> None:
        first, last = ((a - self.base) // WORD_BYTES for a in (begin, end))
        self.written[first:last] = written


def _lay_out(program: Program, base: int) -> dict[str, int]:
    """Return the addresses of sections, arena, input and output, consecutive and line-aligned."""
    graph = program.graph
    sizes = {
        **{name: len(data) for name, data in program.sections.items()},
        "arena": program.arena.size,
        **dict(zip(("input", "output"), row_bytes(graph), strict=True)),
    }
    places = {}
    address = base
    for name, size in sizes.items():
        places[name] = address
        address += -(-size // ALIGNMENT) * ALIGNMENT
    return {**places, "end": address}


def execute(program: Program, values: np.ndarray) -> np.ndarray:
    """Run one inference on the reference; see `Machine`."""
    return Machine(program).infer(values)
