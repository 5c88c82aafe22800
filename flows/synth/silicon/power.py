"""Power of a mapped design, from what its nets do in recorded cycles.

An edge of a net takes half the capacitance of the pins at it times the voltage squared, and in the
cell that drives it the mean of that cell's energy tables. Registers take their clock pin's energy
twice a cycle. Glitches, wires, the clock's tree and memories are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from flows.synth import hierarchy
from flows.synth.flattening import Mapped
from flows.synth.netlist import CONSTANT
from flows.synth.rtlil import Module
from flows.synth.silicon import memories, replay
from flows.synth.silicon.liberty import Cell
from flows.synth.silicon.technology import Technology
from flows.synth.silicon.waveform import Recording

TRANSITION = 0.2
"""Nanoseconds of every transition at a cell's inputs, where the tables are read."""
_LOAD_STEP = 0.005
"""In pF; loads are rounded to it where the tables are read."""
_VALUES = 64_000_000
"""Values of nets that are kept at once: instances, times nets, times cycles."""


@dataclass(frozen=True)
class Energy:
    """Picojoules in a cycle, on average: of nets (`switching`), inside gates and registers
    (`internal`), of registers' clock pins (`clock`); and `leakage` in nanowatts."""

    switching: float = 0.0
    internal: float = 0.0
    clock: float = 0.0
    leakage: float = 0.0

    def __add__(self, other: Energy) -> Energy:
        return self._combined(other, lambda one, two: one + two)

    def largest(self, other: Energy) -> Energy:
        """Return the larger of each."""
        return self._combined(other, max)

    def _combined(self, other: Energy, function: Callable[[float, float], float]) -> Energy:
        names = [one.name for one in fields(self)]
        return Energy(*(function(getattr(self, n), getattr(other, n)) for n in names))

    @property
    def size(self) -> float:
        """Picojoules in a cycle without leakage, which instances are sorted by."""
        return self.switching + self.internal + self.clock

    def milliwatts(self, megahertz: float) -> float:
        """Return the power at a clock."""
        return self.size * megahertz * 1e-3 + self.leakage * 1e-6

    def as_json(self, megahertz: float) -> dict:
        """Return the fields, with the power at a clock."""
        rounded = {one.name: round(getattr(self, one.name), 3) for one in fields(self)}
        return {"milliwatts": round(self.milliwatts(megahertz), 4), **rounded}


@dataclass
class Agreement:
    """How the netlist and the simulation agree: sums of the figures in `replay.Activity`."""

    sources: int = 0
    unknown: int = 0
    checked: int = 0
    wrong: int = 0

    def add(self, activity: replay.Activity) -> None:
        """Add the figures of some instances."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(activity, one.name))


def measure(
    modules: Mapping[str, Module],
    mapped: Mapping[str, Mapped],
    recording: Recording,
    root: str,
    technology: Technology,
    cells: Mapping[str, Cell],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[hierarchy.Instance[Energy], Agreement]:
    """Return the design with what each instance takes; `root` is its path in the recording."""
    loads = _Loads(mapped, cells)
    own: dict[str, Energy] = {}
    agreement = Agreement()
    for names in _alike(mapped):
        module = replay.Module(mapped[names[0]], cells)
        costs = _Costs(module, loads.of(names[0]), technology, cells)
        most = max(_VALUES // (max(module.netlist.nets, 1) * recording.cycles), 1)
        for first in range(0, len(names), most):
            part = names[first : first + most]
            paths = [".".join(filter(None, (root, modules[name].path))) for name in part]
            activity = module.replay(recording, paths)
            agreement.add(activity)
            own |= dict(zip(part, costs.energies(activity.edges, recording.cycles), strict=True))
            on_progress(len(own), len(mapped))
    return hierarchy.tree(modules, own), agreement


def _alike(mapped: Mapping[str, Mapped]) -> Iterator[list[str]]:
    """Yield the names of modules with the same netlist."""
    groups: dict[int, list[str]] = {}
    for name, one in mapped.items():
        groups.setdefault(id(one.netlist), []).append(name)
    yield from groups.values()


class _Loads:
    """The capacitance at each net of a module, with what is inside its submodules, in pF."""

    def __init__(self, mapped: Mapping[str, Mapped], cells: Mapping[str, Cell]) -> None:
        self.mapped, self.cells = mapped, cells
        self._known: dict[int, np.ndarray] = {}

    def of(self, name: str) -> np.ndarray:
        """Return it by net."""
        netlist = self.mapped[name].netlist
        if id(netlist) not in self._known:
            load = own_load(self.mapped[name], self.cells)
            for box, inner in self.mapped[name].inner.items():
                inside, ports = self.of(inner), self.mapped[inner].netlist.ports
                for port, nets in netlist.boxes[box].items():
                    for net, within in zip(nets, ports.get(port, ()), strict=False):
                        if CONSTANT not in (net, within):
                            load[net] += inside[within]
            self._known[id(netlist)] = load
        return self._known[id(netlist)]


def own_load(mapped: Mapped, cells: Mapping[str, Cell]) -> np.ndarray:
    """Return the capacitance of a module's own cells at each of its nets, in pF."""
    load = np.zeros(mapped.netlist.nets)
    for primitive in mapped.netlist.primitives:
        if primitive.type != memories.TYPE:
            for pin, nets in primitive.pins.items():
                if nets[0] != CONSTANT:
                    load[nets[0]] += cells[primitive.type].pins[pin].capacitance
    return load


class _Costs:
    """What an edge of each net of a module takes, and what a cycle and leakage take besides."""

    def __init__(
        self,
        module: replay.Module,
        loads: np.ndarray,
        technology: Technology,
        cells: Mapping[str, Cell],
    ) -> None:
        squared = technology.voltage**2
        mapped = Mapped(module.netlist, module.inner)
        self.switching = own_load(mapped, cells) * squared / 2
        self.internal = np.zeros(module.netlist.nets)
        self.clock = self.leakage = 0.0
        energies: dict[tuple[str, str, int], float] = {}
        for primitive in module.netlist.primitives:
            if primitive.type == memories.TYPE:
                continue
            cell = cells[primitive.type]
            self.leakage += cell.leakage
            for pin, nets in primitive.pins.items():
                net, known = nets[0], cell.pins[pin]
                step = round(loads[net] / _LOAD_STEP) if known.is_output and net != CONSTANT else 0
                key = (primitive.type, pin, step)
                if key not in energies:
                    energies[key] = known.energy(step * _LOAD_STEP, TRANSITION)
                if known.is_clock:
                    self.clock += 2 * energies[key] + known.capacitance * squared
                elif net != CONSTANT:
                    self.internal[net] += energies[key]

    def energies(self, edges: np.ndarray, cycles: int) -> Sequence[Energy]:
        """Return what instances take whose nets have some edges in some cycles."""
        switching, internal = edges @ self.switching / cycles, edges @ self.internal / cycles
        return [
            Energy(float(one), float(two), self.clock, self.leakage)
            for one, two in zip(switching, internal, strict=True)
        ]
