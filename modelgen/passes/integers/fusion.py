"""A graph while its float operators become operators on integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor
from modelgen.operators import Dequantize, Operator, Quantize


@dataclass(frozen=True)
class Source:
    """An integer tensor that a float operator reads through Dequantize."""

    tensor: str
    quantization: Quantization
    offset: int = 0
    """See `modelgen.operators.integer.quantize.Quantize`."""


@dataclass(frozen=True)
class Result:
    """What a float operator's result is quantized to."""

    node: Node
    """Quantize."""
    quantization: Quantization
    offset: int
    """See `modelgen.operators.integer.quantize.Quantize`."""


class Fusion:
    """Nodes so far of the graph that is made."""

    def __init__(self, graph: Graph, contract: Contract) -> None:
        """Begin without nodes.

        Args:
            graph: with Dequantize and Quantize.
            contract: whose arithmetic integer operators have.
        """
        self.graph, self.contract = graph, contract
        self._tensors = dict(graph.tensors)
        self._constants = dict(graph.constants)
        self._nodes: list[Node] = []

    def finished(self) -> Graph:
        """Return the graph of the nodes that were added."""
        return self.graph.with_nodes(
            self._nodes,
            tensors=self._tensors,
            constants=self._constants,
            contract=self.contract,
        )

    def keep(self, node: Node) -> None:
        """Add a node as it is."""
        self._nodes.append(node)

    def source(self, tensor: str) -> Source | None:
        """Return the integers that a tensor is made of, or None."""
        node = self.graph.producer(tensor)
        if node is None or not isinstance(node.operator, Dequantize):
            return None
        return Source(node.inputs[0], node.operator.quantization, node.operator.offset)

    def sources(self, node: Node) -> list[Source] | None:
        """Return the integers that all inputs of a node are made of, or None."""
        found = [self.source(name) for name in node.inputs]
        known = [each for each in found if each is not None]
        return known if len(known) == len(found) else None

    def is_read_once(self, tensor: str) -> bool:
        """Return whether a single node reads a tensor, and the graph does not return it."""
        return len(self.graph.consumers(tensor)) == 1 and tensor not in self.graph.outputs

    def result(self, node: Node) -> Result:
        """Return what a Quantize node quantizes to."""
        operator = node.operator
        assert isinstance(operator, Quantize)
        return Result(node, operator.quantization, operator.offset)

    def add(
        self,
        like: Node,
        operator: Operator,
        inputs: Sequence[str],
        result: Result,
        constants: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Add the node that writes a result.

        Args:
            like: the float node that it stands for.
            operator: on integers.
            inputs: integer tensors.
            result: what the node writes.
            constants: role -> values.
        """
        names = self._keep_constants(result.node.output, constants or {})
        fused = tuple(name for name in like.fused if name != like.name)
        self._nodes.append(
            Node(like.name, operator, tuple(inputs), result.node.output, names, fused)
        )

    def between(
        self,
        like: Node,
        operator: Operator,
        inputs: Sequence[str],
        quantization: Quantization,
        constants: Mapping[str, np.ndarray] | None = None,
    ) -> str:
        """Add a node that writes a new integer tensor; return the tensor.

        Args:
            like: the float node that it stands for.
            operator: on integers.
            inputs: integer tensors.
            quantization: of what it writes.
            constants: role -> values.
        """
        name = self._unused(f"{like.output}.integers")
        arrays = dict(constants or {})
        shape = operator.infer_shape([self._tensors[each].shape for each in inputs], arrays)
        self._tensors[name] = Tensor(name, shape, ElementType.INT8, quantization)
        names = self._keep_constants(name, arrays)
        self._nodes.append(Node(name, operator, tuple(inputs), name, names))
        return name

    def _keep_constants(self, output: str, constants: Mapping[str, np.ndarray]) -> dict[str, str]:
        names = {role: self._unused(f"{output}.{role}") for role in constants}
        for role, values in constants.items():
            self._constants[names[role]] = np.ascontiguousarray(values)
        return names

    def _unused(self, name: str) -> str:
        while name in self._tensors or name in self._constants:
            name += "_"
        return name
