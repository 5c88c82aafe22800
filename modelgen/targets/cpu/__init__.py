"""The CPU, which computes operators that have a kernel in the device library, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelgen.ir.execute_exact import run_node
from modelgen.ir.graph import Graph, Node
from modelgen.ir.views import contiguous
from modelgen.memory.arena import ALIGNMENT
from modelgen.operators import IntegerConv2d, IntegerLinear, Slice
from modelgen.operators.base import Cut, Data, Kernel
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.movement import Movement
from modelgen.targets.base import (
    Code,
    Executor,
    Layer,
    Lowered,
    Machine,
    Network,
    Pointers,
    Segment,
    Statement,
)

DATA = "kernel_data"
"""Section of the arrays that kernels read."""
_EXTERNALS = f"""/// Constant arrays of the layers on the CPU ({DATA}.bin).
extern "C" const unsigned char model_{DATA}[];
"""


class Cpu:
    """See `modelgen.targets.base.Target`."""

    name = "cpu"

    def supports(self, graph: Graph, node: Node) -> str | None:
        """Return why the CPU cannot compute a node; None if it can."""
        if _kernel(graph, node) is not None:
            return None
        if isinstance(node.operator, IntegerConv2d | IntegerLinear):
            return "a channel's rounding has no form that the kernels of the device library compute"
        return f"the device library has no kernel for {node.operator.name}"

    def reason(self, node: Node) -> str:
        """Return how the CPU computes a node."""
        return "a kernel of the device library"

    def leaves_gaps(self, node: Node, *, in_words: bool) -> bool:
        """Return whether it is a copy: all other kernels write contiguous elements."""
        return isinstance(node.operator, Slice)

    def adapt(self, graph: Graph) -> Graph:
        """Return the graph as it is: kernels support any size."""
        return graph

    def rearrange(self, network: Network) -> Graph:
        """Return the graph as it is."""
        return network.graph

    def lower(self, network: Network) -> Lowered:
        """Return a layer for each step on the CPU."""
        layers = {
            index: Layer(step.node, index, step.reason)
            for index, step in enumerate(network.steps)
            if step.target == self.name
        }
        tensors = {t for layer in layers.values() for t in (*layer.node.inputs, layer.node.output)}
        kernels = [kernel_of(network, layer.node) for layer in layers.values()]
        data = b"".join(_places(kernels))
        return Lowered(
            layers,
            frozenset(network.buffer(tensor) for tensor in tensors),
            sections={DATA: data} if data else {},
        )

    def cost(self, network: Network, segment: Segment) -> list[int | None]:
        """Return the cycles of each layer, as its kernel estimates them."""
        return [round(kernel_of(network, layer.node).cycles) for layer in segment.layers]

    def describe(self, network: Network, layer: Layer, cycles: int | None) -> dict[str, Any]:
        """Return a layer's entries in model.json."""
        graph, node = network.graph, layer.node
        moved = sum(graph.tensors[name].bytes for name in (*node.inputs, node.output))
        shape = node.operator.shape_text(graph.shapes(node), graph.tensors[node.output].shape)
        macs, weights = 0, 0
        if isinstance(node.operator, IntegerOperator):
            macs = node.operator.macs(graph.shapes(node), graph.arrays(node))
            weights = node.operator.weights(graph.arrays(node))
        return {
            "op": node.operator.name,
            "shape": shape,
            "note": "",
            "macs": macs,
            "macs_per_cycle": network.peak_macs(node),
            "weight_bytes": weights,
            "activation_bytes": moved,
            "limit_cycles": 0.0,
            "streaming_limit_cycles": 0.0,
            "depthwise_cycles": 0.0,
            "descriptors": 0,
        }

    def executor(self, network: Network, segments: Sequence[Segment], machine: Machine) -> Executor:
        """Return the executor of its segments on the reference."""
        return _Executor(network, machine)

    def emit(self, network: Network, segments: Sequence[Segment], pointers: Pointers) -> Code:
        """Return the C++ of its segments: a call for each layer."""
        graph = network.graph
        layers = [layer for segment in segments for layer in segment.layers]
        slots = {layer.index: slot for slot, layer in enumerate(layers)}
        kernels = {layer.index: kernel_of(network, layer.node) for layer in layers}
        places = _places(list(kernels.values()))
        tables = "".join(
            f"/// Of {layer.node.name}.\n{table.define(f'table_{slots[layer.index]}')}\n"
            for layer in layers
            if (table := kernels[layer.index].table)
        )

        def statement(segment: Segment) -> Statement:
            lines: list[str] = []
            for layer in segment.layers:
                node, slot = layer.node, slots[layer.index]
                shapes = graph.shapes(node), graph.tensors[node.output].shape
                sources = [pointers.pointer(name) for name in node.inputs]
                destination = pointers.pointer(node.output)
                kernel = kernels[layer.index]
                data = [_data_pointer(array, places) for array in kernel.data]
                call = kernel.call(sources, destination, f"table_{slot}", data)
                text = node.operator.shape_text(*shapes)
                lines += [
                    "",
                    f"// {node.name}: {node.operator.name}, {text}",
                    f"const std::uint32_t start_{slot} = heepstor::cycles();",
                    f"{call};",
                    f"cpu_cycles[{slot}] = heepstor::cycles() - start_{slot};",
                ]
            return Statement(tuple(lines))

        if not layers:
            return Code()
        return Code(
            headers=("cycles.hpp", *sorted({kernel.header for kernel in kernels.values()})),
            externals=_EXTERNALS if places else "",
            definitions="/// Cycles of each layer on the CPU.\n"
            f"std::uint32_t cpu_cycles[{len(layers)}];\n{tables}",
            statements=tuple(map(statement, segments)),
            cycles={index: f"&cpu_cycles[{slot}]" for index, slot in slots.items()},
        )


def kernel_of(network: Network, node: Node) -> Kernel:
    """Return the kernel of a node that the CPU computes."""
    kernel = _kernel(network.graph, node, network.views[node.output].strides)
    assert kernel is not None, node.operator.name
    return kernel


def _kernel(graph: Graph, node: Node, strides: tuple[int, ...] | None = None) -> Kernel | None:
    """Return a node's kernel, or None; `strides` are those of an output with gaps."""
    shapes, output = graph.shapes(node), graph.tensors[node.output]
    if isinstance(node.operator, Movement):
        is_contiguous = strides in (None, contiguous(output.shape))
        gaps = None if is_contiguous else strides
        return node.operator.copying(shapes, output.element.bytes, gaps)
    return node.operator.kernel(shapes, graph.arrays(node))


def _places(kernels: Sequence[Kernel]) -> dict[bytes, int]:
    """Return the arrays of data, filled up to lines, in their order in memory, and their places."""
    places: dict[bytes, int] = {}
    size = 0
    for array in (array for kernel in kernels for array in kernel.data):
        content = _bytes(array)
        if content not in places:
            places[content] = size
            size += len(content)
    return places


def _bytes(array: Data) -> bytes:
    content = np.ascontiguousarray(array.values).tobytes()
    return content + bytes(-len(content) % ALIGNMENT)


def _data_pointer(array: Data, places: Mapping[bytes, int]) -> str:
    """Return the C++ expression of the pointer to an array of data."""
    place = places[_bytes(array)]
    address = f"model_{DATA} + {place}" if place else f"model_{DATA}"
    return f"reinterpret_cast<const {array.element}*>({address})"


class _Executor:
    """Runs layers in sequence on the reference."""

    def __init__(self, network: Network, machine: Machine) -> None:
        self._graph = network.graph
        self._cut = Cut(network.hardware.array_size)
        self._machine = machine

    def begin(self) -> None:
        """Begin an inference; the CPU has no memory of its own to invalidate."""

    def run(self, segment: Segment) -> None:
        """Run a segment."""
        for layer in segment.layers:
            inputs = [self._machine.read(name) for name in layer.node.inputs]
            result = run_node(self._graph, layer.node, inputs, self._cut)
            self._machine.write(layer.node.output, result)
