"""From a quantized graph to a program: places, feature maps, jobs, weight streams, arena."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node
from modelgen.memory import arena
from modelgen.passes.split_max_pool import split_max_pool
from modelgen.plan.in_place import in_place
from modelgen.plan.place import ENGINE, choose_place
from modelgen.plan.program import Arena, Chain, CpuLayer, EngineLayer, Job, Program
from modelgen.targets.systolic import hazards
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.geometry import geometry, parameters
from modelgen.targets.systolic.scratchpad import residency
from modelgen.targets.systolic.scratchpad.frames import Map, fill_frames
from modelgen.targets.systolic.scratchpad.residency import Residency, Step
from modelgen.targets.systolic.tiling.cut import Source, Target, with_accumulators
from modelgen.targets.systolic.tiling.schedule import Schedule, schedule
from modelgen.targets.systolic.weights import depthwise_stream, parameter_block, weight_stream

WORD_BYTES = 4


def compile_graph(graph: Graph, hardware: Hardware) -> Program:
    """Compile a quantized graph for one hardware configuration.

    Raises:
        ModelError: there is nothing to run, or the arena is too small.
    """
    graph = split_max_pool(graph, hardware.accumulator_depth)
    steps = [
        Step(node, geometry(graph, node) if choose_place(node)[0] == ENGINE else None)
        for node in graph.nodes
        if not node.operator.keeps_order
    ]
    if not steps:
        raise ModelError("The model has no layer that computes anything.")
    roots = residency.roots(graph)
    plan = residency.plan(graph, steps, roots, hardware)
    builder = _Builder(graph, hardware, roots, plan, steps)
    layers = builder.layers()
    lifetimes = _lifetimes(graph, steps, roots, plan)
    placed = arena.place(lifetimes, in_place(steps, roots, lifetimes))
    _check_arena(placed, hardware)
    return Program(
        graph=graph,
        hardware=hardware,
        steps=tuple(_chained(layers, hardware)),
        weights=bytes(builder.weights.data),
        parameters=bytes(builder.parameters.data),
        arena=placed,
        buffer=plan.buffer,
        roots=roots,
    )


def _chained(
    layers: Iterable[EngineLayer | CpuLayer], hardware: Hardware
) -> Iterable[Chain | CpuLayer]:
    """Join neighbouring engine layers into chains."""
    for on_engine, group in groupby(layers, lambda layer: isinstance(layer, EngineLayer)):
        if on_engine:
            yield Chain(hazards.fence(list(group), hardware.array_size))
        else:
            yield from group


class _Section:
    """Bytes that are collected one after another; equal contents are kept once."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._known: dict[bytes, int] = {}

    def add(self, content: bytes) -> int:
        """Return the offset of `content`."""
        if content not in self._known:
            self._known[content] = len(self.data)
            self.data += content
            self.data += bytes(-len(self.data) % arena.ALIGNMENT)
        return self._known[content]


class _Builder:
    """Builds layers one after another, and collects their constants."""

    def __init__(
        self,
        graph: Graph,
        hardware: Hardware,
        roots: dict[str, str],
        plan: Residency,
        steps: Sequence[Step],
    ) -> None:
        self._graph = graph
        self._hardware = hardware
        self._roots = roots
        self._plan = plan
        self._steps = steps
        self._groups = 0
        """Groups of jobs with accumulators of their own, so far."""
        self._ready: dict[str, int] = {}
        """Rows of a tensor that are stored when the job after the one that ends it begins."""
        self.weights = _Section()
        self.parameters = _Section()

    def layers(self) -> list[EngineLayer | CpuLayer]:
        """Return all layers; fences are not set yet."""
        built = [self._layer(index, step) for index, step in enumerate(self._steps)]
        maps = {}
        for index, step in enumerate(self._steps):
            tensor = self._roots[step.node.output]
            if step.geometry is not None and tensor in self._plan.layouts:
                maps[index] = Map(tensor, self._plan.layouts[tensor])
        return fill_frames(built, maps, self._plan)

    def _layer(self, index: int, step: Step) -> EngineLayer | CpuLayer:
        node = step.node
        reason = choose_place(node)[1]
        if step.geometry is None:
            source = self._graph.tensors[node.inputs[0]]
            return CpuLayer(node, index, source.rows, source.columns, reason)
        source, target = self._source(index, step), self._target(step)
        ready = step.geometry.source.rows
        if index and self._steps[index - 1].geometry is not None:
            # What the layer before makes is still being stored; all else is complete.
            previous = self._roots[self._steps[index - 1].node.output]
            ready = self._ready[previous] if source.tensor == previous else ready
        following = self._steps[index + 1 : index + 2]
        final = not following or following[0].geometry is None
        chosen = schedule(
            node.name, step.geometry, source, target, self._hardware, ready, final=final
        )
        self._ready[target.tensor] = chosen.ready_rows
        return EngineLayer(
            node=node,
            index=index,
            geometry=step.geometry,
            jobs=tuple(self._numbered(chosen, node)),
            parameters_offset=self.parameters.add(
                parameter_block(
                    *parameters(self._graph, node, step.geometry), self._hardware.array_size
                )
            ),
            slices=chosen.cut.slices,
            source_place=_source_text(source),
            target_place=_target_text(target),
            reason=reason,
        )

    def _source(self, index: int, step: Step) -> Source:
        tensor = self._roots[step.node.inputs[0]]
        layout = self._plan.layout_read(tensor, index)
        loads = layout is not None and self._plan.loaders.get(tensor) == index
        return Source(tensor, layout, loads, self._plan.staging.get(index, (0, 0)))

    def _target(self, step: Step) -> Target:
        tensor = self._roots[step.node.output]
        residual = None
        if step.node.operator.epilogue.residual:
            residual = self._roots[step.node.inputs[1]]
        layout = self._plan.layouts.get(tensor)
        return Target(tensor, tensor in self._plan.in_memory, layout, residual)

    def _numbered(self, chosen: Schedule, node: Node) -> Iterable[Job]:
        """Give the jobs with their weights' offsets and their accumulators."""
        offsets = [self.weights.add(self._stream(chosen, node, s)) for s in chosen.cut.streams]
        jobs = with_accumulators(chosen.cut.jobs, self._groups, self._hardware)
        self._groups += sum(job.first for job in jobs)
        for job in jobs:
            yield replace(job, weights=None if job.weights is None else offsets[job.weights])

    def _stream(self, chosen: Schedule, node: Node, stream: object) -> bytes:
        weight = self._graph.constant(node, "weight")
        size = self._hardware.array_size
        if chosen.cut.jobs[0].operation is Operation.DEPTHWISE:
            return depthwise_stream(weight.reshape(weight.shape[:3]), stream, size)
        return weight_stream(weight.reshape(len(weight), -1), stream, size)


def _source_text(source: Source) -> str:
    if source.layout is None:
        return "memory"
    return "memory, kept in buffer" if source.loads else "buffer"


def _target_text(target: Target) -> str:
    if target.layout is None:
        return "memory"
    return "buffer and memory" if target.memory else "buffer"


def _lifetimes(
    graph: Graph, steps: Sequence[Step], roots: dict[str, str], plan: Residency
) -> dict[str, arena.Lifetime]:
    """Return the lifetimes of the tensors in memory, but for the network's input and output."""
    fixed = {roots[graph.input], roots[graph.output]}
    lifetimes = {}
    for index, step in enumerate(steps):
        name = roots[step.node.output]
        if name in fixed or name not in plan.in_memory:
            continue
        readers = [
            i
            for i, other in enumerate(steps)
            if name in {roots[tensor] for tensor in other.node.inputs}
        ]
        size = WORD_BYTES * graph.tensors[name].size
        lifetimes[name] = arena.Lifetime(index, max(readers, default=index), size)
    return lifetimes


def _check_arena(placed: Arena, hardware: Hardware) -> None:
    if hardware.arena_bytes is not None and placed.size > hardware.arena_bytes:
        missing = placed.size - hardware.arena_bytes
        raise ModelError(
            f"The arena is too small: the model's activations need {placed.size} bytes, arena_kib "
            f"gives {hardware.arena_bytes}, so {missing} bytes are missing. Raise arena_kib to at "
            f'least {-(-placed.size // 1024)} in the hardware configuration, or set it to "auto".'
        )
