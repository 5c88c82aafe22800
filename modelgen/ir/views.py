"""Where tensors are stored: each is a view of a buffer, which is named after one of them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from modelgen.ir.graph import Graph, Node
from modelgen.operators.base import Shape


@dataclass(frozen=True)
class View:
    """Where a tensor's elements are."""

    buffer: str
    """The tensor that the memory is named after."""
    offset: int
    """Offset of the first element, in elements."""
    strides: tuple[int, ...]
    """Elements between neighbours, for each dimension."""

    def is_whole(self, shape: Shape) -> bool:
        """Return whether a tensor of this shape is contiguous from the start of the buffer."""
        return self.offset == 0 and self.strides == contiguous(shape)


def contiguous(shape: Shape) -> tuple[int, ...]:
    """Return the strides of a contiguous, row-major tensor."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def views(graph: Graph) -> dict[str, View]:
    """Return the view of each tensor.

    An operator that takes no time leaves values where they are: its output is a view of its input,
    or its inputs are views of its output, next to one another.

    Args:
        graph: a graph in which tensors that are concatenated have no other readers or views (see
            `modelgen.plan.side_by_side`).

    Raises:
        AssertionError: a tensor would have to be in two places at once.
    """
    found = {
        name: View(name, 0, contiguous(tensor.shape)) for name, tensor in graph.tensors.items()
    }
    for node in graph.nodes:
        if not node.operator.takes_time and _places(graph, node) is None:
            source, shapes = found[node.inputs[0]], graph.shapes(node)
            offset = source.offset + node.operator.place_of_output(shapes)
            shape = graph.tensors[node.output].shape
            found[node.output] = View(source.buffer, offset, contiguous(shape))
    sharing = Counter(view.buffer for view in found.values())
    for node in reversed(graph.nodes):
        whole = found[node.output]
        for name, place in zip(node.inputs, _places(graph, node) or (), strict=False):
            alone = found[name].buffer == name and sharing[name] == 1
            assert alone, f"{name} would be in {node.output} and elsewhere"
            found[name] = View(whole.buffer, whole.offset + place, whole.strides)
            sharing[name] -= 1
            sharing[whole.buffer] += 1
    return found


def _places(graph: Graph, node: Node) -> list[int] | None:
    return node.operator.places_of_inputs(graph.shapes(node))
