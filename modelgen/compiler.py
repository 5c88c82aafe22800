"""From a quantized graph to a program: places, jobs, weight streams, arena."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import numpy as np

from modelgen import arena, hazards
from modelgen.cost import ceil_div
from modelgen.errors import ModelError
from modelgen.graph import Graph, Node
from modelgen.hardware import Hardware
from modelgen.place import ENGINE, choose_place
from modelgen.program import Arena, Chain, CpuLayer, EngineLayer, Job, Program
from modelgen.schedule import Product, schedule

WORD_BYTES = 4


def compile_graph(graph: Graph, hardware: Hardware) -> Program:
    """Compile a quantized graph for one hardware configuration.

    Raises:
        ModelError: there is nothing to run, or the arena is too small.
    """
    if not graph.nodes:
        raise ModelError("The model has no layer that computes anything.")
    pitches = _Pitches(graph)
    sections = _Sections()
    layers = [
        _layer(graph, node, index, hardware, pitches, sections)
        for index, node in enumerate(graph.nodes)
    ]
    placed = arena.place(_lifetimes(graph, pitches))
    _check_arena(placed, hardware)
    return Program(
        graph=graph,
        hardware=hardware,
        steps=tuple(_steps(layers)),
        weights=bytes(sections.weights.data),
        parameters=bytes(sections.parameters.data),
        arena=placed,
    )


def _steps(layers: Iterable[EngineLayer | CpuLayer]) -> Iterable[Chain | CpuLayer]:
    """Join neighbouring engine layers into chains."""
    for on_engine, group in groupby(layers, lambda layer: isinstance(layer, EngineLayer)):
        if on_engine:
            yield Chain(hazards.fence(list(group)))
        else:
            yield from group


class _Pitches:
    """Bytes between the rows of tensors.

    Rows of intermediate tensors are padded to whole lines of memory, unless some reader sees rows
    of another length (after a flatten): then the tensor has to be contiguous.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def written(self, node: Node) -> int:
        """Return the pitch of a node's output."""
        return self._pitch(node.output, self._graph.tensors[node.output].columns)

    def read(self, node: Node) -> int:
        """Return the pitch with which a node reads its input."""
        return self._pitch(node.inputs[0], _columns_read(self._graph, node))

    def size(self, tensor: str) -> int:
        """Return the bytes that a tensor takes."""
        shape = self._graph.tensors[tensor]
        return shape.rows * self._pitch(tensor, shape.columns)

    def _pitch(self, tensor: str, columns: int) -> int:
        packed = columns * WORD_BYTES
        if tensor in (self._graph.input, self._graph.output):
            return packed
        own = self._graph.tensors[tensor].columns
        same = all(_columns_read(self._graph, n) == own for n in self._graph.consumers(tensor))
        return ceil_div(packed, arena.ALIGNMENT) * arena.ALIGNMENT if same else packed


def _columns_read(graph: Graph, node: Node) -> int:
    weight = graph.constant(node, "weight")
    return graph.tensors[node.output].columns if weight is None else weight.shape[1]


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


class _Sections:
    def __init__(self) -> None:
        self.weights = _Section()
        self.parameters = _Section()


def _layer(
    graph: Graph,
    node: Node,
    index: int,
    hardware: Hardware,
    pitches: _Pitches,
    sections: _Sections,
) -> EngineLayer | CpuLayer:
    place, reason = choose_place(node)
    output = graph.tensors[node.output]
    if place != ENGINE:
        return CpuLayer(
            node=node,
            index=index,
            rows=output.rows,
            columns=output.columns,
            source_pitch=pitches.read(node),
            destination_pitch=pitches.written(node),
            reason=reason,
        )
    weight = graph.constant(node, "weight")
    jobs = schedule(Product(output.rows, weight.shape[1], weight.shape[0]), hardware)
    stream, offsets = weight_stream(weight, jobs, hardware.array_size)
    parameters = parameter_block(
        graph.constant(node, "scale"), graph.constant(node, "bias"), hardware.array_size
    )
    return EngineLayer(
        node=node,
        index=index,
        jobs=tuple(jobs),
        weights_offset=sections.weights.add(stream),
        stream_offsets=offsets,
        parameters_offset=sections.parameters.add(parameters),
        source_pitch=pitches.read(node),
        destination_pitch=pitches.written(node),
        reason=reason,
    )


def weight_stream(
    weight: np.ndarray, jobs: Iterable[Job], array_size: int
) -> tuple[bytes, dict[tuple[int, int], int]]:
    """Return the weights in the order in which jobs use them, and where each part begins.

    Args:
        weight: INT8, shape (N, K).
        jobs: of the layer; jobs with the same words and columns share one part.
        array_size: S.

    Returns:
        the bytes, and (first word, first column) -> offset.
    """
    stream = bytearray()
    offsets: dict[tuple[int, int], int] = {}
    extents: dict[tuple[int, int], tuple[int, int]] = {}
    for job in jobs:
        key = (job.word, job.column)
        extent = (job.words, job.columns)
        if extents.setdefault(key, extent) != extent:
            raise AssertionError(f"jobs at {key} differ in their extent")
        if key not in offsets:
            offsets[key] = len(stream)
            stream += _tiles(weight, job, array_size)
    return bytes(stream), offsets


def _tiles(weight: np.ndarray, job: Job, array_size: int) -> bytes:
    """Return slice after slice, tile after tile: byte r * S + c is W[input r][output c]."""
    slices = ceil_div(job.words, array_size)
    block = np.zeros((slices * array_size, job.tiles * array_size), np.int8)
    part = weight[job.column : job.column + job.columns, job.word : job.word + job.words]
    block[: job.words, : job.columns] = part.T
    tiles = block.reshape(slices, array_size, job.tiles, array_size)
    return tiles.transpose(0, 2, 1, 3).tobytes()


def parameter_block(scale: np.ndarray, bias: np.ndarray, array_size: int) -> bytes:
    """Return for each tile S scales, then S biases, padded with zeros."""
    tiles = ceil_div(len(scale), array_size)
    block = np.zeros((2, tiles * array_size), "<f4")
    block[0, : len(scale)] = scale
    block[1, : len(bias)] = bias
    return block.reshape(2, tiles, array_size).transpose(1, 0, 2).tobytes()


def _lifetimes(graph: Graph, pitches: _Pitches) -> dict[str, arena.Lifetime]:
    lifetimes = {}
    for index, node in enumerate(graph.nodes):
        if node.output == graph.output:
            continue
        readers = [i for i, other in enumerate(graph.nodes) if node.output in other.inputs]
        size = pitches.size(node.output)
        lifetimes[node.output] = arena.Lifetime(index, max(readers), size)
    return lifetimes


def _check_arena(placed: Arena, hardware: Hardware) -> None:
    if hardware.arena_bytes is not None and placed.size > hardware.arena_bytes:
        missing = placed.size - hardware.arena_bytes
        raise ModelError(
            f"The arena is too small: the model's activations need {placed.size} bytes, arena_kib "
            f"gives {hardware.arena_bytes}, so {missing} bytes are missing. Raise arena_kib in the "
            f'hardware configuration, or set it to "auto".'
        )
