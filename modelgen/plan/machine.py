"""Execution of a program in main memory, on the reference."""

from __future__ import annotations

import numpy as np

from modelgen.ir.packing import (
    input_offsets,
    input_words,
    output_offsets,
    output_words,
    pack_outputs,
    unpack_inputs,
)
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
            values: FP32, the row of inputs; see `modelgen.ir.packing`.

        Returns:
            FP32, the row of outputs.

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
        offset = view.offset * graph.tensors[tensor].element.bytes
        if view.buffer in program.constant_offsets:
            return self._places[CONSTANTS] + program.constant_offsets[view.buffer] + offset
        for part, ends in (("input", input_offsets(graph)), ("output", output_offsets(graph))):
            for name, first in ends.items():
                if view.buffer == program.network.buffer(name):
                    return self._places[part] + WORD_BYTES * first + offset
        return self._places["arena"] + program.arena.offsets[view.buffer] + offset

    def read(self, tensor: str) -> np.ndarray:
        """Return a tensor as a view of memory.

        Raises:
            UnwrittenReadError: part of it was not written by this inference.
        """
        place = self._words(tensor)
        if not self.written[place].all():
            raise UnwrittenReadError(f"some words of '{tensor}' were not written")
        words = np.frombuffer(self.memory, "<f4")[place]
        return words.reshape(self._program.graph.tensors[tensor].shape)

    def write(self, tensor: str, values: np.ndarray) -> None:
        """Write a tensor's values."""
        place = self._words(tensor)
        np.frombuffer(self.memory, "<f4")[place] = np.asarray(values, "<f4").reshape(-1)
        self.written[place] = True

    def _words(self, tensor: str) -> slice:
        """Return the words of memory that a tensor occupies."""
        found = self._program.graph.tensors[tensor]
        assert self._program.network.views[tensor].is_whole(found.shape), tensor
        first = (self.address(tensor) - self.base) // WORD_BYTES
        return slice(first, first + found.size)

    def _mark(self, begin: int, end: int, *, written: bool) -> None:
        first, last = ((a - self.base) // WORD_BYTES for a in (begin, end))
        self.written[first:last] = written


def _lay_out(program: Program, base: int) -> dict[str, int]:
    """Return the addresses of sections, arena, input and output, consecutive and line-aligned."""
    graph = program.graph
    sizes = {
        **{name: len(data) for name, data in program.sections.items()},
        "arena": program.arena.size,
        "input": WORD_BYTES * input_words(graph),
        "output": WORD_BYTES * output_words(graph),
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
