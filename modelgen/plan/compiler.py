"""From a quantized graph to a program: targets, layers, memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np

from modelgen.hardware import Hardware
from modelgen.ir.graph import ElementType, Graph
from modelgen.ir.packing import row_bytes
from modelgen.ir.views import views
from modelgen.memory import arena
from modelgen.plan.in_place import in_place
from modelgen.plan.partition import partition
from modelgen.plan.program import CONSTANTS, Program
from modelgen.plan.side_by_side import side_by_side
from modelgen.targets.base import Layer, Lowered, Network, Segment, Target
from modelgen.targets.standard import standard


def compile_graph(
    graph: Graph, hardware: Hardware, targets: Sequence[Target] | None = None
) -> Program:
    """Compile a quantized graph for one hardware configuration.

    Args:
        graph: a quantized graph.
        hardware: sizes of the hardware.
        targets: the targets, most preferred first; None: those that the hardware has.

    Raises:
        ModelError: there is nothing to run, a layer that no target supports, or too small a buffer.
    """
    targets = tuple(targets or standard(hardware))
    # Callers have one buffer for all inputs, and one for all outputs.
    row_bytes(graph)
    for target in targets:
        graph = target.adapt(graph)
    network = _network(side_by_side(graph, targets), hardware, targets)
    for target in targets:
        network = _network(target.rearrange(network), hardware, targets)
    lowered = {target.name: target.lower(network) for target in targets}
    lifetimes = _lifetimes(network, lowered.values())
    placed = arena.place(lifetimes, in_place(network, lowered.values(), lifetimes))
    return Program(
        network=network,
        targets=targets,
        segments=tuple(_segments(network, lowered)),
        sections={**_constants(network.graph), **_sections(lowered.values())},
        arena=placed,
        scratchpads={name: part.scratchpad for name, part in lowered.items()},
    )


def _network(graph: Graph, hardware: Hardware, targets: Sequence[Target]) -> Network:
    return Network(graph, hardware, partition(graph, targets), views(graph))


def _constants(graph: Graph) -> dict[str, bytes]:
    """Return the section of the constant tensors."""
    values = b"".join(
        _padded(graph.constants[name], graph.tensors[name].element)
        for name in graph.constant_tensors
    )
    return {CONSTANTS: values}


def _padded(values: np.ndarray, element: ElementType) -> bytes:
    data = np.ascontiguousarray(values, element.dtype.newbyteorder("<")).tobytes()
    return data + bytes(-len(data) % arena.ALIGNMENT)


def _sections(lowered: Iterable[Lowered]) -> dict[str, bytes]:
    return {name: data for part in lowered for name, data in part.sections.items()}


def _segments(network: Network, lowered: Mapping[str, Lowered]) -> list[Segment]:
    """Group consecutive layers of the same target into segments."""
    numbered = enumerate(network.steps)
    return [
        Segment(target, tuple(_layer(lowered[target], index) for index, _ in group))
        for target, group in groupby(numbered, lambda item: item[1].target)
    ]


def _layer(lowered: Lowered, index: int) -> Layer:
    return lowered.layers[index]


def _lifetimes(network: Network, lowered: Iterable[Lowered]) -> dict[str, arena.Lifetime]:
    """Return the lifetimes of the buffers in memory, except those of the caller and constants."""
    graph = network.graph
    in_memory = frozenset[str]().union(*(part.in_memory for part in lowered))
    moving = in_memory - {network.buffer(name) for name in _outside_arena(graph)}
    lifetimes: dict[str, arena.Lifetime] = {}
    for index, step in enumerate(network.steps):
        for tensor in (step.node.output, *step.node.inputs):
            name = network.buffer(tensor)
            if name in moving:
                first = lifetimes[name].first if name in lifetimes else index
                lifetimes[name] = arena.Lifetime(first, index, graph.tensors[name].bytes)
    return lifetimes


def _outside_arena(graph: Graph) -> tuple[str, ...]:
    """Return the tensors that have memory of their own: the caller's, and constants."""
    return (*graph.inputs, *graph.outputs, *graph.constant_tensors)
