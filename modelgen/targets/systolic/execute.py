"""Execution of the engine's segments on the reference, from the descriptors in memory."""

from __future__ import annotations

from collections.abc import Sequence

from modelgen.hardware import Hardware
from modelgen.targets.base import Machine, Segment
from modelgen.targets.systolic.abi import Error
from modelgen.targets.systolic.descriptor import Descriptor, link
from modelgen.targets.systolic.jobs import EngineLayer, Place
from modelgen.targets.systolic.lowering import Constant, lower_job
from modelgen.targets.systolic.reference import Scratchpad, execute_chain


def descriptors(segment: Segment, machine: Machine) -> list[Descriptor]:
    """Return the descriptors of a chain, not yet linked and without profiles."""

    def address(place: Place | Constant) -> int:
        if isinstance(place, Constant):
            return machine.section(place.section) + place.offset
        return machine.address(place.tensor) + place.offset

    return [
        lower_job(layer, job).resolved(address)
        for layer in segment.layers
        if isinstance(layer, EngineLayer)
        for job in layer.jobs
    ]


class EngineExecutor:
    """See `modelgen.targets.base.Executor`."""

    def __init__(self, hardware: Hardware, segments: Sequence[Segment], machine: Machine) -> None:
        """Write all descriptors into memory.

        Args:
            hardware: sizes of the engine.
            segments: the engine's segments, in order.
            machine: main memory.
        """
        self._hardware = hardware
        self._machine = machine
        self._scratchpad = Scratchpad(hardware, machine.seed)
        self._first: dict[int, int] = {}
        """Index of a segment's first layer -> address of its first descriptor."""
        place = machine.section("descriptors")
        for segment in segments:
            image = link(descriptors(segment, machine), place)
            self._first[segment.layers[0].index] = place
            begin = place - machine.base
            machine.memory[begin : begin + len(image)] = image
            place += len(image)

    def begin(self) -> None:
        """Begin an inference."""
        self._scratchpad.forget()

    def run(self, segment: Segment) -> None:
        """Run a chain.

        Raises:
            AssertionError: the engine rejects a descriptor.
        """
        machine = self._machine
        result = execute_chain(
            machine.memory,
            machine.base,
            self._first[segment.layers[0].index],
            self._hardware,
            self._scratchpad,
            machine.written,
        )
        if result.error is not Error.NONE:
            raise AssertionError(f"descriptor {result.index}: {result.error.name}")
