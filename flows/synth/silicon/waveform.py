"""Values of signals, cycle by cycle, from a waveform of the simulated SoC (VCD, IEEE 1364-2005)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from flows.errors import HeepstorError

_VAR = re.compile(r"\$var \S+ (?P<width>\d+) (?P<id>\S+) (?P<name>.+?)(?: \[\d+(?::\d+)?\])? \$end")
_SCOPE = re.compile(r"\$scope \S+ (?P<name>\S+) \$end")

_ELEMENT = re.compile(r"(?P<array>.*)\[(?P<index>\d+)\]$")


@dataclass(frozen=True)
class Signal:
    """A signal of the waveform: its identifier there, and its width in bits."""

    id: bytes
    width: int


@dataclass(frozen=True)
class Windows:
    """Which cycles are taken, of those that count: `length` in a row out of each `every`, and at
    most `most` in all."""

    length: int
    every: int
    most: int

    def has(self, cycle: int) -> bool:
        """Return whether a cycle is taken."""
        return cycle % self.every < self.length


@dataclass
class Recording:
    """Signals by their paths, and their values in the cycles that were taken.

    `first` tells for each such cycle whether the one before it was not taken.
    """

    signals: dict[str, Signal]
    first: np.ndarray
    changes: dict[bytes, tuple[list[int], list[bytes]]]
    _bits: dict[bytes, np.ndarray] = field(default_factory=dict)
    _found: dict[str, list[Signal]] = field(default_factory=dict)

    @property
    def cycles(self) -> int:
        """Number of cycles that were taken."""
        return len(self.first)

    def bit(self, path: str, bit: int, width: int) -> np.ndarray | None:
        """Return the values of a bit of a signal by cycles, or None if it is not recorded.

        Bits count from the lowest on; `width` is that of the signal in the netlist. The path may be
        that of an array or of a structure, whose first element or field has the highest bits, or of
        several elements that Yosys made one of: the second ``x[1]`` of them. Unknown values are 0.
        """
        element = _ELEMENT.match(path)
        own = self.signals.get(path)
        if element and own and own.width < width:
            number = int(element["index"]) * (width // own.width) + bit // own.width
            path, bit = f"{element['array']}[{number}]", bit % own.width
        for part in self._parts(path):
            if bit < part.width:
                return self._bits_of(part)[bit]
            bit -= part.width
        return None

    def _parts(self, path: str) -> list[Signal]:
        """Return the signals that one in the netlist is made of, those of the low bits first."""
        if path not in self._found:
            if path in self.signals:
                parts = [self.signals[path]]
            else:
                elements = [
                    one for name, one in self.signals.items() if name.startswith(f"{path}[")
                ]
                fields = [one for name, one in self.signals.items() if name.startswith(f"{path}.")]
                parts = (elements or fields)[::-1]
            self._found[path] = parts
        return self._found[path]

    def _bits_of(self, signal: Signal) -> np.ndarray:
        if signal.id not in self._bits:
            self._bits[signal.id] = self._expanded(signal)
        return self._bits[signal.id]

    def _expanded(self, signal: Signal) -> np.ndarray:
        at, values = self.changes.get(signal.id, ([], []))
        if not at or at[0] != 0:
            at, values = [0, *at], [b"0", *values]
        text = b"".join(value.rjust(signal.width, b"0") for value in values)
        rows = np.frombuffer(text, np.uint8).reshape(len(at), signal.width)[:, ::-1] == ord("1")
        lengths = np.diff([*at, self.cycles])
        return np.ascontiguousarray(np.repeat(rows, lengths, axis=0).T)


def read(lines: Iterable[bytes], clock: str, counts: str, windows: Windows) -> Recording:
    """Read a waveform; take the cycles in `windows` of those in which the signal `counts` is 1.

    A cycle's values are those at the end of the low phase of `clock`. Raises HeepstorError if the
    waveform lacks one of the two signals.
    """
    stream = iter(lines)
    signals = _declared(stream)
    for name in (clock, counts):
        if name not in signals:
            raise HeepstorError(f"the waveform has no signal {name}.")
    first: list[bool] = []
    changes: dict[bytes, tuple[list[int], list[bytes]]] = {}
    counted = -1
    last = -1
    for cycle, values in _low_phases(stream, signals[clock].id, signals[counts].id):
        counted += 1
        if windows.has(counted):
            for changed, value in values.items():
                at, seen = changes.setdefault(changed, ([], []))
                at.append(len(first))
                seen.append(value)
            values.clear()
            first.append(cycle != last + 1)
            last = cycle
        if len(first) == windows.most:
            break
    return Recording(signals, np.array(first, bool), changes)


def _declared(stream: Iterator[bytes]) -> dict[str, Signal]:
    """Return the signals by path; elements of arrays are like ``x[3]``."""
    scopes: list[str] = []
    found: dict[str, Signal] = {}
    for raw in stream:
        line = raw.decode("ascii", "replace").strip()
        if line.startswith("$enddefinitions"):
            break
        if scope := _SCOPE.match(line):
            scopes.append(scope["name"])
        elif line.startswith("$upscope"):
            scopes.pop()
        elif declared := _VAR.match(line):
            # An array is a scope of its own, which its elements repeat.
            name = declared["name"]
            is_element = bool(scopes) and name.startswith(f"{scopes[-1]}[")
            path = ".".join([*(scopes[:-1] if is_element else scopes), name])
            found[path] = Signal(declared["id"].encode(), int(declared["width"]))
    return found


def _low_phases(
    stream: Iterator[bytes], clock: bytes, counts: bytes
) -> Iterator[tuple[int, dict[bytes, bytes]]]:
    """Yield at the end of each low phase that counts its cycle's number and what has changed.

    The caller clears the changes.
    """
    changed: dict[bytes, bytes] = {}
    cycle = 0
    is_low = does_count = False
    for line in stream:
        mark = line[0]
        if mark == ord("#"):
            is_low = changed.get(clock, b"0" if is_low else b"1") == b"0"
            does_count = changed.get(counts, b"1" if does_count else b"0") == b"1"
            cycle += is_low
            if is_low and does_count:
                yield cycle, changed
        elif mark == ord("b"):
            value, _, name = line[1:-1].partition(b" ")
            changed[name] = value
        elif mark != ord("$"):
            changed[line[1:-1]] = line[:1]
