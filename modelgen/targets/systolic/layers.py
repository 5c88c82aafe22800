"""Lowering of the engine's steps to layers of jobs, with their constants and fences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, groupby

import numpy as np

from modelgen.ir.graph import Node
from modelgen.memory import arena
from modelgen.operators import ByteTable, ChannelScale, Operator
from modelgen.operators.epilogue import epilogue_of, reads_operand
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.epilogue import integer_epilogue_of
from modelgen.operators.table_functions import function_table
from modelgen.targets.base import Lowered, Network
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES
from modelgen.targets.systolic.geometry import Geometry, lanes_of, parameters
from modelgen.targets.systolic.hazards import fence
from modelgen.targets.systolic.integer_results import IntegerResults, results_of
from modelgen.targets.systolic.jobs import EngineLayer, Job, Table
from modelgen.targets.systolic.scratchpad import residency
from modelgen.targets.systolic.scratchpad.frames import Map, fill_frames
from modelgen.targets.systolic.scratchpad.residency import Residency, Work
from modelgen.targets.systolic.tables import with_tables
from modelgen.targets.systolic.tiles import PARAMETER_BYTES
from modelgen.targets.systolic.tiling.copies import copies
from modelgen.targets.systolic.tiling.cut import Cut, Source, Stream, Target, with_accumulators
from modelgen.targets.systolic.tiling.schedule import Following, schedule
from modelgen.targets.systolic.weights import (
    copied,
    depthwise_stream,
    parameter_block,
    rows_stream,
    weight_stream,
)
from modelgen.targets.systolic.works import works_of

_Parts = tuple[list[Job], tuple[np.ndarray, ...]]
"""Jobs, and the slices that each position adds."""


def lower(network: Network, name: str) -> Lowered:
    """Return the layers of all steps on the engine.

    Args:
        network: the whole network, because what other targets read must be in memory.
        name: the engine's name among the targets.

    Raises:
        ModelError: the buffer is too small.
    """
    works = works_of(network, name)
    plan = residency.plan(network, works)
    builder = _Builder(network, works, plan)
    layers = builder.layers()
    jobs = sum(len(layer.jobs) for layer in layers.values())
    return Lowered(
        layers=layers,
        in_memory=plan.in_memory,
        overwrites={
            index: len(layer.node.inputs) - 1
            for index, layer in layers.items()
            if reads_operand(layer.node.operator) and not any(map(_stores_twice, layer.jobs))
        },
        sections={
            "descriptors": bytes(jobs * DESCRIPTOR_BYTES),
            "weights": bytes(builder.weights.data),
            "parameters": bytes(builder.parameters.data),
        },
        scratchpad=plan.buffer,
    )


def _stores_twice(job: Job) -> bool:
    """Return whether a row belongs to both results of a pair: its operand is read for either."""
    return job.store is not None and 0 < 2 * job.pair_rows < job.store.rows


def _chains(layers: Mapping[int, EngineLayer]) -> Iterator[list[EngineLayer]]:
    """Yield the groups of consecutive layers, with no other target's layers between them."""
    numbers = count()
    for _, group in groupby(layers.values(), lambda layer: layer.index - next(numbers)):
        yield list(group)


class _Section:
    """A sequence of contents, each line-aligned; equal contents are stored once."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._known: dict[bytes, int] = {}

    def add(self, content: bytes) -> int:
        """Return the offset of `content` in bytes; append it if it is new."""
        if content not in self._known:
            self._known[content] = len(self.data)
            self.data += content
            self.data += bytes(-len(self.data) % arena.ALIGNMENT)
        return self._known[content]


class _Builder:
    """Builds layers in order, and collects their constants."""

    def __init__(self, network: Network, works: Sequence[Work], plan: Residency) -> None:
        self._network = network
        self._graph = network.graph
        self._hardware = network.hardware
        self._works = works
        self._plan = plan
        self._groups = 0
        """Number of groups of jobs so far; each group has its own accumulators."""
        self._ready: dict[str, int] = {}
        """Rows of a tensor already stored when the job after its last one begins."""
        self._busy = 0.0
        """Cycles in which the last layer's results are stored after the next one could begin."""
        self.weights = _Section()
        self.parameters = _Section()

    def layers(self) -> dict[int, EngineLayer]:
        """Return the layers by the index of their step."""
        built = {
            index: self._layer(index, work.geometry)
            for index, work in enumerate(self._works)
            if work.geometry is not None
        }
        maps = {}
        for index, layer in built.items():
            buffer = self._network.buffer(layer.node.output)
            layout = self._plan.layout_written(buffer)
            if layout is not None:
                maps[index] = Map(buffer, layout)
        filled = fill_frames(built, maps, self._plan)
        fenced: dict[int, EngineLayer] = {}
        for chain in _chains(filled):
            layers = fence(with_tables(chain), self._hardware.array_size)
            fenced |= {layer.index: layer for layer in layers}
        return fenced

    def _layer(self, index: int, geometry: Geometry) -> EngineLayer:
        node = self._works[index].node
        source, target = self._source(index, geometry), self._target(node)
        step = self._copy if geometry.parts else self._computation
        integers = results_of(self._graph, node, geometry) if geometry.lanes > 1 else None
        jobs, slices = step(index, geometry, source, target, integers)
        scales = isinstance(node.operator, ChannelScale)
        return EngineLayer(
            node=node,
            index=index,
            reason=self._network.steps[index].reason,
            geometry=geometry,
            jobs=tuple(self._numbered(jobs)),
            slices=slices,
            source_place=_source_text(source),
            target_place=_target_text(target),
            scales=self._network.buffer(node.inputs[1]) if scales else None,
            table=self._table(node, integers),
            integers=integers,
        )

    def _computation(
        self,
        index: int,
        geometry: Geometry,
        source: Source,
        target: Target,
        integers: IntegerResults | None,
    ) -> _Parts:
        """Return the jobs of a layer that computes, its scales and biases, and its slices."""
        node = self._works[index].node
        chosen = schedule(
            node.name,
            geometry,
            source,
            target,
            self._hardware,
            self._ready_rows(index, geometry, source),
            following=self._following(index),
            busy=self._busy if index and self._is_on_engine(index - 1) else 0.0,
        )
        self._ready[target.tensor] = target.row + chosen.ready_rows
        self._busy = chosen.storing
        weighted = self._weighted(chosen.cut, node)
        jobs = (
            self._with_parameters(weighted, node, geometry)
            if integers is None
            else self._with_integers(weighted, integers)
        )
        return jobs, chosen.cut.slices

    def _copy(
        self,
        index: int,
        geometry: Geometry,
        source: Source,
        target: Target,
        integers: IntegerResults | None,
    ) -> _Parts:
        """Return the same for a movement, whose last job may store any rows."""
        self._ready[target.tensor] = 0
        self._busy = 0.0
        jobs, block = copied(
            copies(geometry, source, target, self._hardware), self._hardware.array_size
        )
        start = self.parameters.add(block)
        return [replace(job, parameters=start + job.parameters) for job in jobs], ()

    def _with_parameters(self, jobs: list[Job], node: Node, geometry: Geometry) -> list[Job]:
        """Return jobs with scales and biases; without if the scales are a tensor."""
        if isinstance(node.operator, ChannelScale):
            return jobs
        values = parameters(self._graph, node, geometry)
        block = parameter_block(*values, self._hardware.array_size)
        start = self.parameters.add(block)
        return [replace(job, parameters=start + PARAMETER_BYTES * job.channel) for job in jobs]

    def _with_integers(self, jobs: list[Job], integers: IntegerResults) -> list[Job]:
        """Return jobs with the constants of their own channels."""
        offsets = {
            results: self.parameters.add(integers.block(results, self._hardware.array_size))
            for results in dict.fromkeys(job.results for job in jobs)
        }
        return [replace(job, parameters=offsets[job.results]) for job in jobs]

    def _table(self, node: Node, integers: IntegerResults | None) -> Table | None:
        """Return the table of a layer's function."""
        if integers is not None and integers.table is not None:
            return Table(self.parameters.add(integers.table), 0, 0)
        function = epilogue_of(node.operator).function
        if not function:
            return None
        table = function_table(function)
        return Table(self.parameters.add(table.entries), table.reach, table.fraction)

    def _ready_rows(self, index: int, geometry: Geometry, source: Source) -> int:
        """Return the rows of the input that are available when a layer begins."""
        if index and self._works[index - 1].geometry is not None:
            # The previous layer's output is still being stored; everything else is complete.
            previous = self._network.buffer(self._works[index - 1].node.output)
            if source.tensor == previous:
                return self._ready[previous] - self._first_row(index)
        return geometry.source.rows

    def _first_row(self, index: int) -> int:
        """Return the first row that a layer reads of the map that its input is a part of."""
        part = self._works[index].part
        return 0 if part is None else part.start

    def _following(self, index: int) -> Following:
        """Return what the next layer does while a layer's last results are being stored."""
        if not self._is_on_engine(index + 1):
            return Following.WAITS
        if not self._is_read_next(index):
            return Following.COMPUTES
        # A layer whose storing others hide computes all its rows in one job.
        hides = self._is_on_engine(index + 2) and not self._is_read_next(index + 1)
        return Following.WAITS if hides or self._needs_all_rows(index + 1) else Following.READS

    def _needs_all_rows(self, index: int) -> bool:
        """Return whether a layer's first results depend on all rows of its input."""
        geometry = self._works[index].geometry
        assert geometry is not None
        return geometry.y.reach(geometry.pool[0]) >= geometry.source.rows

    def _is_on_engine(self, index: int) -> bool:
        return index < len(self._works) and self._works[index].geometry is not None

    def _is_read_next(self, index: int) -> bool:
        """Return whether the layer after this one reads its output."""
        output = self._network.buffer(self._works[index].node.output)
        return output in map(self._network.buffer, self._works[index + 1].node.inputs)

    def _source(self, index: int, geometry: Geometry) -> Source:
        tensor = self._network.buffer(self._works[index].node.inputs[0])
        layout = self._plan.layout_read(tensor, index)
        loads = layout is not None and self._plan.loaders.get(tensor) == index
        staging = self._plan.staging.get(index, (0, 0))
        part = self._works[index].part
        if layout is not None and part is not None:
            layout = layout.part(part.start, len(part))
        offset = self._first_row(index) * geometry.source.row_words
        return Source(tensor, layout, loads, staging, offset)

    def _target(self, node: Node) -> Target:
        tensor = self._network.buffer(node.output)
        layout = self._plan.layout_written(tensor)
        view = self._network.views[node.output]
        is_whole = view.is_whole(self._graph.tensors[node.output].shape)
        lanes = lanes_of(self._graph.tensors[tensor])
        pixel = None if is_whole else self._graph.tensors[tensor].columns // lanes
        row, word = 0, view.offset // lanes
        if len(view.strides) == 4 and word:
            row, word = divmod(word, view.strides[1] // lanes)
        in_memory = tensor in self._plan.in_memory
        epilogue = epilogue_of(node.operator)
        return Target(
            tensor=tensor,
            memory=in_memory,
            layout=layout,
            residual=self._network.buffer(node.inputs[-1])
            if reads_operand(node.operator)
            else None,
            word=word,
            pixel=pixel,
            function=bool(epilogue.function) or _looks_up(node.operator),
            slope=epilogue.slope != 1.0,
            row=row,
        )

    def _numbered(self, jobs: Sequence[Job]) -> Iterable[Job]:
        """Return the jobs with their accumulators."""
        placed = with_accumulators(jobs, self._groups, self._hardware)
        self._groups += sum(job.first for job in jobs)
        return placed

    def _weighted(self, chosen: Cut, node: Node) -> list[Job]:
        """Return the jobs with the offsets of their weights."""
        offsets = [self.weights.add(self._stream(chosen, node, s)) for s in chosen.streams]
        return [
            replace(job, weights=None if job.weights is None else offsets[job.weights])
            for job in chosen.jobs
        ]

    def _stream(self, chosen: Cut, node: Node, stream: Stream) -> bytes:
        weight = self._graph.arrays(node)["weight"]
        size, job = self._hardware.array_size, chosen.jobs[0]
        bits = job.weight_bits
        if job.operation is Operation.DEPTHWISE:
            channels = weight.reshape(weight.shape[:3])
            if not job.reads_rows:
                return depthwise_stream(channels, stream, size)
            return rows_stream(channels, stream, size, bits)
        behind = [(0, 0)] * (weight.ndim - 1) + [(0, -weight.shape[-1] % job.lanes)]
        return weight_stream(np.pad(weight, behind).reshape(len(weight), -1), stream, size, bits)


def _looks_up(operator: Operator) -> bool:
    """Return whether an operator on integers looks up its results in a table."""
    if not isinstance(operator, IntegerOperator):
        return False
    return isinstance(operator, ByteTable) or bool(integer_epilogue_of(operator).function)


def _source_text(source: Source) -> str:
    if source.layout is None:
        return "memory"
    return "memory, kept in buffer" if source.loads else "buffer"


def _target_text(target: Target) -> str:
    if target.layout is None:
        return "memory"
    return "buffer and memory" if target.memory else "buffer"
