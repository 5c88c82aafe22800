"""A graph while a pass builds it anew, node by node, from those of another graph.

expansion = Expansion(graph)
for node in graph.nodes:
    expansion.put(node)
return expansion.graph()
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node, Tensor


class Expansion:
    """Tensors and constants of a graph, to which a pass adds more, and no nodes yet."""

    def __init__(self, graph: Graph) -> None:
        self._source = graph
        self._nodes: list[Node] = []
        self.tensors = dict(graph.tensors)
        """Those of the source, and those that were added."""
        self.constants = dict(graph.constants)
        """The same for constants."""

    def graph(self) -> Graph:
        """Return the graph of all nodes so far."""
        return self._source.with_nodes(self._nodes, tensors=self.tensors, constants=self.constants)

    def put(self, node: Node) -> None:
        """Append a node that writes a tensor of the source."""
        self._nodes.append(node)

    def add(self, node: Node) -> str:
        """Append a node that writes a new tensor; return the tensor's name.

        Args:
            node: complete but for its output, which gets the node's name, with underscores if there
                is such a tensor already. Inputs and constants are those of the graph so far.
        """
        name = _unused(node.name, self.tensors)
        shapes = [self.tensors[each].shape for each in node.inputs]
        arrays = {role: self.constants[own] for role, own in node.constants.items()}
        element = self.tensors[node.inputs[0]].element
        self.tensors[name] = Tensor(name, node.operator.infer_shape(shapes, arrays), element)
        self._nodes.append(replace(node, output=name))
        return name

    def add_constant(self, name: str, values: np.ndarray) -> str:
        """Add a constant; return its name, with underscores if there is such a one already."""
        name = _unused(name, self.constants)
        self.constants[name] = np.ascontiguousarray(values)
        return name


def _unused(name: str, known: dict[str, Tensor] | dict[str, np.ndarray]) -> str:
    while name in known:
        name += "_"
    return name
