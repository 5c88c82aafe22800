"""Where tensors lie: each is a view of a buffer, which has the name of one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from modelgen.ir.graph import Graph, Node
from modelgen.operators.base import Shape


@dataclass(frozen=True)
class View:
    """The place of a tensor's elements."""

    buffer: str
    """The tensor whose memory it is."""
    offset: int
    """Of the first element, in elements."""
    strides: tuple[int, ...]
    """Elements between neighbours, one number a dimension."""

    def is_whole(self, shape: Shape) -> bool:
        """Tell whether a tensor of this shape lies one element after another from the start."""
        return self.offset == 0 and self.strides == contiguous(shape)


def contiguous(shape: Shape) -> tuple[int, ...]:
    """Return the strides of a tensor whose elements lie one after another, row-major."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def views(graph: Graph) -> dict[str, View]:
    """Return the view of each tensor.

    What takes no time leaves its values where they are: its output lies where its input does, or
    its inputs lie in its output, side by side.
    """
    found = {
        name: View(name, 0, contiguous(tensor.shape)) for name, tensor in graph.tensors.items()
    }
    for node in graph.nodes:
        if not node.operator.takes_time and _places(graph, node) is None:
            shape = graph.tensors[node.output].shape
            found[node.output] = View(found[node.inputs[0]].buffer, 0, contiguous(shape))
    for node in reversed(graph.nodes):
        whole = found[node.output]
        for name, place in zip(node.inputs, _places(graph, node) or (), strict=False):
            found[name] = View(whole.buffer, whole.offset + place, whole.strides)
    return found


def _places(graph: Graph, node: Node) -> list[int] | None:
    return node.operator.places_of_inputs(graph.shapes(node))
