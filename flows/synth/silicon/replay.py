"""A module's gates on recorded values: how often every net changes while the SoC works.

The values of a module's inputs and registers are known in every cycle, from a simulation of the
SystemVerilog. What the gates between them do follows, as in a simulation of the netlist without
delays: for all cycles and all instances at once, gate by gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from flows.synth.flattening import Mapped
from flows.synth.netlist import CONSTANT, Netlist
from flows.synth.silicon import memories
from flows.synth.silicon.liberty import Cell, Function
from flows.synth.silicon.waveform import Recording

DATA, OUTPUT = "D", "Q"
"""Pins of registers."""
_Gate = tuple[dict[str, int], int, Function]
"""The nets at a gate's inputs by pin, the net at its output, and its function."""
_Name = tuple[str, int, int]
"""A net's name: that of a signal, its bit in it, and the signal's width."""


@dataclass(frozen=True)
class Activity:
    """How often the nets of a module change: `edges` for each instance and net.

    `unknown` is the number of register bits and inputs that the recording does not have, of
    `sources`; `wrong` that of registers' values, of `checked`, that do not follow from those in the
    cycle before.
    """

    edges: np.ndarray
    sources: int
    unknown: int
    checked: int
    wrong: int


class Module:
    """One mapped module, and the order in which its gates are evaluated."""

    def __init__(self, mapped: Mapped, cells: Mapping[str, Cell]) -> None:
        self.netlist, self.inner = mapped.netlist, mapped.inner
        self.gates = list(_ordered(mapped.netlist, cells))
        self.names: dict[int, list[_Name]] = {}
        for name, nets in (*mapped.netlist.wires.items(), *mapped.netlist.ports.items()):
            self._name(name, nets)
        for box, pins in mapped.netlist.boxes.items():
            for port, nets in pins.items():
                self._name(f"{box}.{port}", nets)

    def _name(self, name: str, nets: Sequence[int]) -> None:
        for bit, net in enumerate(nets):
            if net != CONSTANT:
                self.names.setdefault(net, []).append((name, bit, len(nets)))

    def replay(self, recording: Recording, paths: Sequence[str]) -> Activity:
        """Return what the nets do in the instances at some paths in the recording."""
        values: dict[int, np.ndarray] = {}
        unknown = 0
        driven = {net for _, net, _ in self.gates}
        sources = self.names.keys() - driven
        for net in sources:
            found = [_recorded(recording, path, self.names[net]) for path in paths]
            unknown += sum(one is None for one in found)
            nothing = np.zeros(recording.cycles, bool)
            values[net] = np.stack([nothing if one is None else one for one in found])
        low = np.zeros((len(paths), recording.cycles), bool)
        for pins, net, function in self.gates:
            values[net] = function({pin: values.get(one, low) for pin, one in pins.items()})
        edges = np.zeros((len(paths), self.netlist.nets), np.int64)
        inside = ~recording.first[1:]
        for net, bits in values.items():
            edges[:, net] = ((bits[:, 1:] != bits[:, :-1]) & inside).sum(axis=1)
        checked, wrong = self._checked(values, inside)
        return Activity(edges, len(sources) * len(paths), unknown, checked, wrong)

    def _checked(self, values: Mapping[int, np.ndarray], inside: np.ndarray) -> tuple[int, int]:
        """Return how many of registers' values were compared; and how many differ."""
        checked = wrong = 0
        for primitive in self.netlist.primitives:
            if primitive.type.startswith("DFF"):
                data, output = primitive.pins[DATA][0], primitive.pins[OUTPUT][0]
                if data in values and output in values:
                    differs = values[data][:, :-1] != values[output][:, 1:]
                    checked += int(inside.sum()) * len(differs)
                    wrong += int((differs & inside).sum())
        return checked, wrong


def _ordered(netlist: Netlist, cells: Mapping[str, Cell]) -> Iterator[_Gate]:
    """Yield the gates, each behind those that it depends on."""
    gates: dict[int, _Gate] = {}
    for primitive in netlist.primitives:
        if primitive.type == memories.TYPE:
            continue
        pins = cells[primitive.type].pins
        connected = {name: nets[0] for name, nets in primitive.pins.items()}
        inputs = {name: net for name, net in connected.items() if not pins[name].is_output}
        for name, net in connected.items():
            function = pins[name].function
            if function is not None and net != CONSTANT:
                gates[net] = (inputs, net, function)
    graph = {net: set(gate[0].values()) for net, gate in gates.items()}
    for net in TopologicalSorter(graph).static_order():
        if net in gates:
            yield gates[net]


def _recorded(recording: Recording, path: str, names: Sequence[_Name]) -> np.ndarray | None:
    """Return a bit by any of its names in an instance, or None if the recording lacks all."""
    for name, bit, width in names:
        values = recording.bit(f"{path}.{name}", bit, width)
        if values is not None:
            return values
    return None
