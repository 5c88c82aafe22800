"""A hierarchical design's timing graph: every net, and every way from net to net, of all instances.

Each different module is mapped and modelled once; its arrays are copied for every instance, with
other numbers of nets, so that paths may cross any number of modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from flows.synth.delays import LUT, Delays
from flows.synth.netlist import CONSTANT, Netlist


@dataclass(frozen=True)
class Mapped:
    """A module of the design: its netlist, and its submodules' names by instance name."""

    netlist: Netlist
    inner: Mapping[str, str]


@dataclass(frozen=True)
class Instance:
    """One instance: its path from the top, its module's name, and the number of its first net."""

    path: str
    module: str
    first: int


@dataclass(frozen=True)
class Ends:
    """Where paths begin, or where they end: for each, its net, the nanoseconds there, its clock's
    net, its instance, and the primitive in it (negative: a port of the top, see `port_number`)."""

    net: np.ndarray
    delay: np.ndarray
    clock: np.ndarray
    instance: np.ndarray
    primitive: np.ndarray


@dataclass(frozen=True)
class Graph:
    """The arcs from net `source` to net `target`, sorted by target, each with its nanoseconds
    (those of the net before it included) and levels, and the `starts` and `ends` of paths.
    `divided` has for each divided clock's net the net of the clock that it is made from."""

    nets: int
    source: np.ndarray
    target: np.ndarray
    delay: np.ndarray
    levels: np.ndarray
    starts: Ends
    ends: Ends
    divided: dict[int, int]
    instances: list[Instance]


@dataclass(frozen=True)
class _Model:
    """One module's timing as tables, nets numbered as in its netlist."""

    arcs: np.ndarray
    """Columns: source, target, delay, levels, is_near."""
    starts: np.ndarray
    """Columns: net, delay, clock's net, primitive."""
    ends: np.ndarray
    """As those of `starts`."""
    loads: np.ndarray
    """Each net, once for every primitive that reads it."""
    dividers: np.ndarray
    """Columns: net of a clock, and of the clock that a divider makes of it."""


def _model(netlist: Netlist, delays: Delays) -> _Model:
    luts = frozenset(
        net
        for primitive in netlist.primitives
        if LUT.fullmatch(primitive.type)
        for port in ("O", "Z")
        for net in primitive.pins.get(port, ())
    )
    arcs: list[tuple] = []
    starts: list[tuple] = []
    ends: list[tuple] = []
    loads: list[int] = []
    dividers: list[tuple] = []
    for number, primitive in enumerate(netlist.primitives):
        found = delays.behaviour(primitive, luts)
        clock = next((net for net in found.clocks if net != CONSTANT), CONSTANT)
        arcs += [(a.source, a.target, a.delay, a.levels, a.is_near) for a in found.arcs]
        starts += [(net, delay, clock, number) for net, delay in found.starts]
        ends += [(net, setup, clock, number) for net, setup in found.ends]
        if found.divided is not None:
            dividers.append((clock, found.divided))
        loads += {arc.source for arc in found.arcs} | {net for net, _ in found.ends}
    table = _table(arcs, 5)
    return _Model(
        arcs=table[table[:, 1] != CONSTANT],
        starts=_table(starts, 4),
        ends=_table(ends, 4),
        loads=np.array([net for net in loads if net != CONSTANT], dtype=np.int64),
        dividers=_table(dividers, 2),
    )


def _table(rows: list[tuple], columns: int) -> np.ndarray:
    """Return rows as an array, without those of constant nets."""
    table = np.array(rows, dtype=float).reshape(-1, columns)
    return table[table[:, 0] != CONSTANT]


def _instances(
    modules: Mapping[str, Mapped], top: str
) -> Iterator[tuple[Instance, Instance | None]]:
    """Yield every instance with the one around it, the outer ones first."""
    first = 0
    waiting: list[tuple[str, str, Instance | None]] = [("", top, None)]
    while waiting:
        path, module, outer = waiting.pop()
        one = Instance(path, module, first)
        first += modules[module].netlist.nets
        yield one, outer
        inner = modules[module].inner.items()
        waiting += [(f"{path}.{name}" if path else name, kind, one) for name, kind in inner]


def flatten(modules: Mapping[str, Mapped], top: str, delays: Delays) -> Graph:
    """Return the timing graph of a design; `modules` by their names.

    Raises HeepstorError if the delays of one of its primitives are not known.
    """
    pairs = list(_instances(modules, top))
    instances = [one for one, _ in pairs]
    netlists = {id(mapped.netlist): mapped.netlist for mapped in modules.values()}
    known = {key: _model(netlist, delays) for key, netlist in netlists.items()}
    models = [known[id(modules[one.module].netlist)] for one in instances]
    nets = instances[-1].first + modules[instances[-1].module].netlist.nets
    same = _same_nets([(one, outer) for one, outer in pairs if outer], modules)
    pairing = coo_array((np.ones(len(same)), (same[:, 0], same[:, 1])), shape=(nets, nets))
    label = connected_components(pairing, directed=False)[1]

    loads, firsts, _ = _gathered([model.loads for model in models], instances)
    load = np.bincount(label[loads + firsts], minlength=nets)
    net_delay = delays.net + np.clip(delays.fan_out * (load - 1), 0, delays.most_fan_out)

    arcs, firsts, _ = _gathered([model.arcs for model in models], instances)
    source = label[arcs[:, 0].astype(np.int64) + firsts]
    target = label[arcs[:, 1].astype(np.int64) + firsts]
    order = np.argsort(target, kind="stable")
    dividers, firsts, _ = _gathered([model.dividers for model in models], instances)
    dividers = label[dividers.astype(np.int64) + firsts[:, None]]
    starts = _ends([model.starts for model in models], instances, label)
    ends = _ends([model.ends for model in models], instances, label)
    ends = replace(ends, delay=ends.delay + net_delay[ends.net])
    return Graph(
        nets=nets,
        source=source[order],
        target=target[order],
        delay=(arcs[:, 2] + np.where(arcs[:, 4] > 0, 0.0, net_delay[source]))[order],
        levels=arcs[order, 3].astype(np.int64),
        starts=_with_ports(starts, modules[top].netlist, label, are_inputs=True),
        ends=_with_ports(ends, modules[top].netlist, label, are_inputs=False),
        divided={int(behind): int(clock) for clock, behind in dividers},
        instances=instances,
    )


def _gathered(
    tables: list[np.ndarray], instances: list[Instance]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows of all instances; for each row its instance's first net and its number."""
    counts = [len(table) for table in tables]
    firsts = np.repeat([one.first for one in instances], counts)
    return np.concatenate(tables), firsts, np.repeat(np.arange(len(instances)), counts)


def _ends(tables: list[np.ndarray], instances: list[Instance], label: np.ndarray) -> Ends:
    rows, firsts, numbers = _gathered(tables, instances)
    net, clock = rows[:, 0].astype(np.int64), rows[:, 2].astype(np.int64)
    clocks = np.where(clock == CONSTANT, CONSTANT, label[np.maximum(clock, 0) + firsts])
    return Ends(label[net + firsts], rows[:, 1], clocks, numbers, rows[:, 3].astype(np.int64))


def _with_ports(ends: Ends, top: Netlist, label: np.ndarray, are_inputs: bool) -> Ends:
    """Return the ends with those at the top's ports, which have no clock."""
    found = [
        (net, port_number(number))
        for number, (name, nets) in enumerate(top.ports.items())
        if (name in top.inputs) == are_inputs
        for net in nets
        if net != CONSTANT
    ]
    bits, ports = np.array(found, dtype=np.int64).reshape(-1, 2).T
    zero = np.zeros(len(found), dtype=np.int64)
    return Ends(
        np.concatenate([ends.net, label[bits]]),
        np.concatenate([ends.delay, zero]),
        np.concatenate([ends.clock, np.full(len(found), CONSTANT)]),
        np.concatenate([ends.instance, zero]),
        np.concatenate([ends.primitive, ports]),
    )


def port_number(number: int) -> int:
    """Return what stands for a port of the top in `Ends.primitive`, and back: it is negative."""
    return -1 - number


def _same_nets(pairs: list[tuple[Instance, Instance]], modules: Mapping[str, Mapped]) -> np.ndarray:
    """Return pairs of nets that are one: at an instance's port, outside and inside."""
    found: list[tuple[int, int]] = []
    for one, outer in pairs:
        name = one.path.removeprefix(outer.path).removeprefix(".")
        outside = modules[outer.module].netlist.boxes[name]
        for port, inside in modules[one.module].netlist.ports.items():
            found += [
                (outer.first + a, one.first + b)
                for a, b in zip(outside.get(port, ()), inside, strict=False)
                if CONSTANT not in (a, b)
            ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)
