"""Static timing analysis of a mapped design, before placement: levels of logic and nanoseconds.

A path begins at a register, a memory or an input, and ends at one. Paths between two clocks are
left out: those are crossings, which synchronizers take care of. A divided clock has some edges of
another one: paths between both have a cycle of the faster one, and those within the divided clock
are analyzed by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from flows.errors import HeepstorError
from flows.synth.delays import Delays
from flows.synth.flattening import Ends, Mapped, flatten, port_number
from flows.synth.netlist import CONSTANT

_NEVER = -1e6
"""Arrival at a net that no path leads to."""
_MOST_STEPS = 2_000
"""Primitives on a path beyond which it can only be a loop."""
_INDEX = re.compile(r"\[\d+\]|\.\d+")


@dataclass(frozen=True)
class Place:
    """An end of a path: a register, a memory or a port, in an instance of a module."""

    instance: str
    module: str
    name: str


@dataclass(frozen=True)
class Path:
    """A path between two registers: its levels of logic, its nanoseconds, and its ends."""

    levels: int
    nanoseconds: float
    start: Place
    end: Place


Clocks = frozenset[int]
"""Nets of clocks."""


class Analysis:
    """Finds the longest paths of a design: `modules` by name, and the name of the top."""

    def __init__(self, modules: Mapping[str, Mapped], top: str, delays: Delays) -> None:
        self.modules, self.delays = modules, delays
        self.graph = flatten(modules, top, delays)
        self._first = np.flatnonzero(np.diff(self.graph.target, prepend=-1))
        self._driven = self.graph.target[self._first]

    def slowest(self, most: int) -> list[Path]:
        """Return the slowest path of each pair of registers, the slowest first, at most `most`.

        Those between registers of one divided clock are left out.
        """
        return self._slowest(self._undivided(), most)

    def slowest_divided(self, most: int) -> list[Path]:
        """Return the slowest paths between registers of one divided clock, as `slowest` does."""
        return self._slowest(self._divided(), most)

    def by_module(self) -> dict[str, tuple[int, float]]:
        """Return the most levels and the most nanoseconds of a path that ends in each module.

        The two may be of different paths. Modules where no path ends are left out.
        """
        graph = self.graph
        number = {name: n for n, name in enumerate(self.modules)}
        kinds = np.array([number[one.module] for one in graph.instances])[graph.ends.instance]
        levels, delay = np.full(len(number), -1.0), np.full(len(number), -1.0)
        for before, behind in [*self._undivided(), *self._divided()]:
            is_ours = self._are_clocked(graph.ends, behind)
            at = graph.ends.net[is_ours]
            deepest = self._arrivals(graph.levels, before, levels=True)[at]
            slowest = self._arrivals(graph.delay, before)[at] + graph.ends.delay[is_ours]
            np.maximum.at(levels, kinds[is_ours], deepest)
            np.maximum.at(delay, kinds[is_ours], slowest)
        return {
            name: (int(levels[n]), float(delay[n])) for name, n in number.items() if levels[n] >= 0
        }

    def most_levels(self) -> int:
        """Return the most levels of a path, without those within a divided clock."""
        ends = self.graph.ends
        found = [
            self._arrivals(self.graph.levels, before, levels=True)[ends.net[is_ours]]
            for before, behind in self._undivided()
            if (is_ours := self._are_clocked(ends, behind)).any()
        ]
        return int(max((levels.max() for levels in found), default=0))

    def _undivided(self) -> list[tuple[Clocks, Clocks]]:
        """Return the clocks at the beginning of paths with those at their ends, in pairs."""
        pairs = []
        for clock in self._clocks():
            divided = frozenset(net for net, root in self.graph.divided.items() if root == clock)
            if clock not in self.graph.divided:
                pairs.append((divided | {clock}, frozenset({clock})))
            if divided:
                pairs.append((frozenset({clock}), divided))
        return pairs

    def _divided(self) -> list[tuple[Clocks, Clocks]]:
        return [(frozenset({net}), frozenset({net})) for net in self.graph.divided]

    def _clocks(self) -> list[int]:
        """Return the nets of all clocks; CONSTANT alone for a design without registers."""
        clocks = np.unique(np.concatenate([self.graph.starts.clock, self.graph.ends.clock]))
        return [int(net) for net in clocks if net != CONSTANT] or [CONSTANT]

    @staticmethod
    def _are_clocked(ends: Ends, clocks: Clocks) -> np.ndarray:
        """Return which ends are of some clocks; ports are of every one."""
        return np.isin(ends.clock, [*clocks, CONSTANT])

    def _arrivals(self, costs: np.ndarray, clocks: Clocks, levels: bool = False) -> np.ndarray:
        """Return the largest sum of costs on a way from some clocks' registers to each net."""
        graph = self.graph
        arrival = np.full(graph.nets, _NEVER)
        ours = self._are_clocked(graph.starts, clocks)
        begin = np.zeros(ours.sum()) if levels else graph.starts.delay[ours]
        np.maximum.at(arrival, graph.starts.net[ours], begin)
        if not len(costs):
            return arrival
        for _ in range(_MOST_STEPS):
            latest = np.maximum.reduceat(arrival[graph.source] + costs, self._first)
            changed = latest > arrival[self._driven] + 1e-9
            if not changed.any():
                return arrival
            arrival[self._driven[changed]] = latest[changed]
        raise HeepstorError(
            "the netlist has a combinational loop; Verilator's UNOPTFLAT tells where"
        )

    def _slowest(self, pairs: list[tuple[Clocks, Clocks]], most: int) -> list[Path]:
        found = [path for pair in pairs for path in self._paths(*pair, most)]
        return sorted(found, key=lambda path: -path.nanoseconds)[:most]

    def _paths(self, before: Clocks, behind: Clocks, most: int) -> Iterator[Path]:
        graph = self.graph
        arrival = self._arrivals(graph.delay, before)
        ours = np.flatnonzero(self._are_clocked(graph.ends, behind))
        delay = arrival[graph.ends.net[ours]] + graph.ends.delay[ours]
        starts = self._start_of_nets(arrival, before)
        seen: set[tuple] = set()
        tried: set[tuple] = set()
        for index in np.argsort(-delay, kind="stable"):
            if delay[index] < 0 or len(seen) == most:
                return
            end = self._place(graph.ends, int(ours[index]))
            net = int(graph.ends.net[ours[index]])
            if (end.module, end.name, net) in tried:
                continue
            tried.add((end.module, end.name, net))
            start, levels = self._traced(net, arrival, starts)
            pair = tuple((p.module, _INDEX.sub("", p.name)) for p in (start, end))
            if pair not in seen:
                seen.add(pair)
                yield Path(levels, float(delay[index]), start, end)

    def _start_of_nets(self, arrival: np.ndarray, clocks: Clocks) -> dict[int, int]:
        """Return the start, by its number, of every net whose arrival is that of a start."""
        starts = self.graph.starts
        ours = np.flatnonzero(self._are_clocked(starts, clocks))
        is_latest = starts.delay[ours] >= arrival[starts.net[ours]] - 1e-9
        return dict(
            zip(starts.net[ours[is_latest]].tolist(), ours[is_latest].tolist(), strict=True)
        )

    def _traced(self, net: int, arrival: np.ndarray, starts: dict[int, int]) -> tuple[Place, int]:
        """Return where the longest path to a net begins, and its levels."""
        graph, levels = self.graph, 0
        while net not in starts:
            low, high = np.searchsorted(graph.target, [net, net + 1])
            costs = arrival[graph.source[low:high]] + graph.delay[low:high]
            arc = low + int(np.argmax(costs))
            levels += int(graph.levels[arc])
            net = int(graph.source[arc])
        return self._place(graph.starts, starts[net]), levels

    def _place(self, ends: Ends, number: int) -> Place:
        instance = self.graph.instances[ends.instance[number]]
        netlist = self.modules[instance.module].netlist
        cell = int(ends.primitive[number])
        is_port = cell < 0
        ports = list(netlist.ports)
        name = ports[port_number(cell)] if is_port else netlist.primitives[cell].known_name
        return Place(instance.path, instance.module, name)
