"""A graph while a pass changes it, which takes as long as the change, not as the graph is large.

    rewriter = Rewriter(graph)
    for node in rewriter.each():
        if isinstance(node.operator, Dropout):
            rewriter.bypass(node)
    return rewriter.graph()

A node is identified by the tensor that it writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node


class Rewriter:
    """The nodes of a graph in execution order, and who writes and reads each tensor."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.outputs = graph.outputs
        self.tensors = dict(graph.tensors)
        """To add tensors to; those left without a use are dropped at the end."""
        self.constants = dict(graph.constants)
        """The same for constants."""
        self._nodes = {node.output: node for node in graph.nodes}
        self._readers: dict[str, dict[str, None]] = {}
        for node in graph.nodes:
            self._add_reader(node)

    def graph(self) -> Graph:
        """Return the graph as it is now."""
        return self._graph.with_nodes(
            self._nodes.values(),
            outputs=self.outputs,
            tensors=self.tensors,
            constants=self.constants,
        )

    def each(self, *, backwards: bool = False) -> Iterator[Node]:
        """Yield each node in execution order, as it is when its turn comes, while nodes change."""
        names = list(self._nodes)
        for name in reversed(names) if backwards else names:
            if name in self._nodes:
                yield self._nodes[name]

    def producer(self, tensor: str) -> Node | None:
        """Return the node that writes a tensor; None for an input or a constant."""
        return self._nodes.get(tensor)

    def consumers(self, tensor: str) -> list[Node]:
        """Return the nodes that read a tensor, in any order."""
        return [self._nodes[name] for name in self._readers.get(tensor, ())]

    def arrays(self, node: Node) -> dict[str, np.ndarray]:
        """Return role -> values of a node's constants."""
        return {role: self.constants[name] for role, name in node.constants.items()}

    def put(self, node: Node) -> None:
        """Replace the node that writes the same tensor, at its place in the order."""
        self._remove_reader(self._nodes[node.output])
        self._nodes[node.output] = node
        self._add_reader(node)

    def remove(self, node: Node) -> None:
        """Remove a node; what read its output has to be removed or replaced too."""
        self._remove_reader(node)
        del self._nodes[node.output]

    def bypass(self, node: Node) -> None:
        """Remove a node; readers of its output read its first input instead."""
        source = node.inputs[0]
        for reader in self.consumers(node.output):
            inputs = tuple(source if name == node.output else name for name in reader.inputs)
            self.put(replace(reader, inputs=inputs))
        self.outputs = tuple(source if n == node.output else n for n in self.outputs)
        self.remove(node)

    def _add_reader(self, node: Node) -> None:
        for name in node.inputs:
            self._readers.setdefault(name, {})[node.output] = None

    def _remove_reader(self, node: Node) -> None:
        for name in node.inputs:
            self._readers[name].pop(node.output, None)
