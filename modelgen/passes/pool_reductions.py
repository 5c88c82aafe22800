"""Replace means and maxima over a dimension by poolings, which the engine computes.

The engine reads a row of each position in a cycle, so this pays if rows are long enough, and if
there are few positions: each is a map of its own, which costs a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import AvgPool2d, MaxPool2d, Reduce, Reshape
from modelgen.operators.base import Shape
from modelgen.operators.window import Window

_POOLINGS = {"mean": AvgPool2d, "maximum": MaxPool2d}
_LEAST_INNER = 4
"""Values of a row."""
_LEAST_WORK = 256
"""Values of a map: fewer take the CPU less time than a job takes the engine."""


def pool_reductions(graph: Graph) -> Graph:
    """Replace each reduction over the second of three dimensions for which this pays."""
    tensors, nodes = dict(graph.tensors), []
    for node in graph.nodes:
        kind = node.operator.kind if isinstance(node.operator, Reduce) else ""
        if kind in _POOLINGS and _pays(tensors[node.inputs[0]].shape):
            nodes += _pooled(tensors, node, kind)
        else:
            nodes.append(node)
    return graph.with_nodes(nodes, tensors=tensors)


def _pays(shape: Shape) -> bool:
    _, middle, inner = shape
    return inner >= _LEAST_INNER and middle * inner >= _LEAST_WORK


def _pooled(tensors: dict[str, Tensor], node: Node, kind: str) -> list[Node]:
    """Return a pooling over maps of one column, between reshapes; add its tensors."""
    source = tensors[node.inputs[0]]
    outer, middle, inner = source.shape
    maps, pooled = (_unused(f"{node.output}.{part}", tensors) for part in ("maps", "pooled"))
    tensors[maps] = replace(source, name=maps, shape=(outer, middle, 1, inner))
    tensors[pooled] = replace(source, name=pooled, shape=(outer, 1, 1, inner))
    pooling = _POOLINGS[kind](Window((middle, 1)))
    return [
        Node(maps, Reshape((outer, middle, 1, inner)), node.inputs, maps),
        replace(node, operator=pooling, inputs=(maps,), output=pooled),
        Node(f"{node.name}.shaped", Reshape((outer, inner)), (pooled,), node.output),
    ]


def _unused(name: str, tensors: Mapping[str, Tensor]) -> str:
    while name in tensors:
        name += "_"
    return name
