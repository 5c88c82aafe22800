"""The firmware's machine-readable output: lines that begin with "# "."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from flows.errors import HeepstorError


class Counters(NamedTuple):
    """The engine's counters, in cycles. `busy` and all waits add up to `cycles`."""

    cycles: int
    busy: int
    wait_descriptor: int
    wait_activations: int
    wait_weights: int
    wait_accumulator: int
    wait_store: int
    bus_stalls: int

    def minus(self, earlier: Counters) -> Counters:
        """Return what was counted since `earlier`."""
        return Counters(*(now - before for now, before in zip(self, earlier, strict=True)))

    def with_work(self, cycles: int) -> Counters:
        """Return a copy with `cycles` more cycles of the array at work."""
        return self._replace(cycles=self.cycles + cycles, busy=self.busy + cycles)


_NUMBER = re.compile(r"0|[1-9][0-9]*")
_WORD = re.compile(r"[0-9a-f]{8}")

ZERO = Counters(0, 0, 0, 0, 0, 0, 0, 0)


@dataclass
class InputRun:
    """One inference: its cycles by the CPU's counter, its outputs' FP32 bits, counters by layer.

    `layers` maps the index of a layer on the engine to the counters since the doorbell, read at the
    end of that layer; `cpu` maps the index of a layer on the CPU to its cycles.
    """

    cycles: int
    outputs: list[int] = field(default_factory=list)
    layers: dict[int, Counters] = field(default_factory=dict)
    cpu: dict[int, int] = field(default_factory=dict)

    def layer_counters(self, model: Mapping) -> dict[int, Counters]:
        """Return each layer's own counters; `model` is the content of model.json.

        Layers of a chain share a doorbell; a layer on the CPU between two chains ends the first.
        Counters are read when a layer's results are stored. By then, the array may already work for
        the next layer: such cycles count for that layer.

        Raises HeepstorError if the model has no such layer on the engine.
        """
        layers = {layer["index"]: layer for layer in model["layers"] if layer["chain"] is not None}
        if unknown := self.layers.keys() - layers.keys():
            raise HeepstorError(
                f"the firmware reported layer {min(unknown)}, but the model has no such layer on "
                "the engine: its serial output is damaged."
            )
        alone = {}
        chain, earlier, ahead = None, ZERO, 0
        for index, counters in sorted(self.layers.items()):
            layer = layers[index]
            if layer["chain"] != chain:
                chain, earlier, ahead = layer["chain"], ZERO, 0
            found = counters.minus(earlier)
            done_before = ahead
            ahead = max(done_before + found.busy - layer["array_cycles"], 0)
            alone[index] = found.with_work(done_before - ahead)
            earlier = counters
        return alone


@dataclass
class DeviceLog:
    """Everything that one firmware run reported. `mismatches` is None if it did not finish."""

    inputs: dict[int, InputRun] = field(default_factory=dict)
    stack_bytes: int | None = None
    mismatches: int | None = None


class LogReader:
    """Builds a DeviceLog from lines as they arrive."""

    def __init__(self) -> None:
        self.log = DeviceLog()
        self._present: InputRun | None = None

    def read(self, line: str) -> bool:
        """Take a line; return whether it is machine-readable. Raises HeepstorError if malformed."""
        if not line.startswith("# "):
            return False
        try:
            self._take(line[2:].split(" "))
        except (ValueError, TypeError, AttributeError) as error:
            raise HeepstorError(
                f"the firmware printed a malformed line: {line!r}.\n"
                "Its serial output is damaged, or it was built by a different version."
            ) from error
        return True

    @property
    def _current(self) -> InputRun:
        """The inference that is being reported."""
        if self._present is None:
            raise ValueError("no inference has begun")
        return self._present

    def _take(self, words: list[str]) -> None:
        match words:
            case ["input", index, "cycles", cycles]:
                self._present = InputRun(_number(cycles))
                self.log.inputs[self._index(index, len(self.log.inputs))] = self._present
            case ["output", index, *values]:
                self._index(index, len(self.log.inputs) - 1)
                self._current.outputs = [_word(value) for value in values]
            case ["layer", index, *values]:
                self._current.layers[_number(index)] = Counters(*map(_number, values))
            case ["cpu", index, cycles]:
                self._current.cpu[_number(index)] = _number(cycles)
            case ["stack", used]:
                self.log.stack_bytes = _number(used)
            case ["done", mismatches]:
                self.log.mismatches = _number(mismatches)
            case _:
                raise ValueError(words)

    def _index(self, text: str, expected: int) -> int:
        """Parse an inference's number, which must be the `expected` next one."""
        if _number(text) != expected:
            raise ValueError(text)
        return expected


def _number(text: str) -> int:
    """Parse a number as the firmware prints it; int() alone would accept more."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _word(text: str) -> int:
    """Parse 32 bits as the firmware prints them."""
    if not _WORD.fullmatch(text):
        raise ValueError(text)
    return int(text, 16)


def parse(lines: Iterable[str]) -> DeviceLog:
    """Return the report in a firmware's complete output."""
    reader = LogReader()
    for line in lines:
        reader.read(line)
    return reader.log
