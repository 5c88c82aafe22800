"""The engine: a weight-stationary systolic array with its memories, fed by descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelgen.hardware import Hardware
from modelgen.ir.graph import ElementType, Graph, Node
from modelgen.operators.epilogue import reads_operand
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.movement import Movement
from modelgen.passes.expand_resize import expand_resize
from modelgen.passes.fuse_additions import fuse_additions
from modelgen.passes.fuse_byte_table import fuse_byte_table
from modelgen.passes.fuse_integer_pool import fuse_integer_pool
from modelgen.passes.lay_sequences import lay_sequences
from modelgen.passes.merge_groups import merge_groups
from modelgen.passes.operands_first import operands_first
from modelgen.passes.pack_pixels import pack_pixels
from modelgen.passes.split_max_pool import split_max_pool
from modelgen.targets.base import (
    Code,
    Executor,
    Layer,
    Lowered,
    Machine,
    Network,
    Pointers,
    Segment,
)
from modelgen.targets.systolic import integers
from modelgen.targets.systolic.bands import in_bands
from modelgen.targets.systolic.copying import refusal
from modelgen.targets.systolic.description import describe
from modelgen.targets.systolic.emission import emit
from modelgen.targets.systolic.execute import EngineExecutor
from modelgen.targets.systolic.geometry import geometry
from modelgen.targets.systolic.jobs import EngineLayer
from modelgen.targets.systolic.layers import lower
from modelgen.targets.systolic.scratchpad.layout import ceil_div, saves_slices
from modelgen.targets.systolic.support import computed, lacking
from modelgen.targets.systolic.timing import segment_cycles


class Systolic:
    """See `modelgen.targets.base.Target`."""

    name = "engine"

    def __init__(self, hardware: Hardware) -> None:
        self._hardware = hardware

    def supports(self, graph: Graph, node: Node) -> str | None:
        """Return why the engine cannot compute a node; None if it can."""
        operator = node.operator
        if isinstance(operator, IntegerOperator):
            return integers.refusal(graph, node, self._hardware)
        if any(graph.tensors[name].element is ElementType.INT8 for name in node.inputs):
            return "the engine copies words, and these are bytes"
        if isinstance(operator, Movement) and len(node.inputs) == 1:
            return refusal(operator, graph.shapes(node)[0], self._hardware)
        return lacking(operator) if computed(operator) is None else None

    def reason(self, node: Node) -> str:
        """Return how the engine computes a node that it supports."""
        return computed(node.operator) or lacking(node.operator)

    def leaves_gaps(self, node: Node, *, in_words: bool) -> bool:
        """Return whether the engine can write the rows of a node's output with gaps between."""
        # An operand is read with the pitches of the results, so it needs the same gaps.
        return in_words and not reads_operand(node.operator)

    def adapt(self, graph: Graph) -> Graph:
        """Return the graph with convolutions for interpolations, with convolutions of one group, or
        of as many as channels, without fused poolings that exceed the accumulators, with sequences
        as rows where that fills slices, and with operands as early as possible."""
        size = self._hardware.array_size
        graph = pack_pixels(graph, size, self._is_supported)
        depth = self._hardware.accumulator_depth
        graph = fuse_integer_pool(graph, self._is_supported, depth)
        graph = fuse_additions(graph, self._is_supported)
        graph = fuse_byte_table(graph, self._is_supported)
        grouped = merge_groups(expand_resize(graph, size), size)
        split = split_max_pool(grouped, depth)
        return operands_first(lay_sequences(split, self._saves_slices_lying))

    def _is_supported(self, graph: Graph, node: Node) -> bool:
        return self.supports(graph, node) is None

    def _saves_slices_lying(self, graph: Graph, node: Node) -> bool:
        """Return whether a convolution of one column takes fewer slices over one row."""
        shape = geometry(graph, node)
        words, size = shape.taps * shape.words, shape.slice_words(self._hardware.array_size)
        standing = shape.taps * ceil_div(shape.words, size)
        standing -= saves_slices(shape, self._hardware)
        lies = shape.is_matmul and shape.blocks == shape.y.dilation == 1
        return lies and ceil_div(words, size) < standing

    def rearrange(self, network: Network) -> Graph:
        """Return the graph with layers computed in turn, some rows at a time, where that saves
        moving the map between them."""
        return in_bands(network, self.name)

    def lower(self, network: Network) -> Lowered:
        """Return the layers of all steps on the engine."""
        return lower(network, self.name)

    def cost(self, network: Network, segment: Segment) -> list[int | None]:
        """Return the cycles of each layer of a chain, as predicted by the cost model."""
        return [*segment_cycles(_layers(segment), self._hardware)]

    def describe(self, network: Network, layer: Layer, cycles: int | None) -> dict[str, Any]:
        """Return a layer's entries in model.json."""
        assert isinstance(layer, EngineLayer)
        return describe(network, layer, cycles)

    def executor(self, network: Network, segments: Sequence[Segment], machine: Machine) -> Executor:
        """Return the executor of its chains on the reference."""
        return EngineExecutor(self._hardware, segments, machine)

    def emit(self, network: Network, segments: Sequence[Segment], pointers: Pointers) -> Code:
        """Return the C++ of its chains."""
        return emit([_layers(segment) for segment in segments], pointers)


def _layers(segment: Segment) -> list[EngineLayer]:
    return [layer for layer in segment.layers if isinstance(layer, EngineLayer)]
