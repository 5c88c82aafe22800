"""Take channels in ascending order, and reorder the weights of what reads them instead.

Neighbouring channels are copied together, so a shuffle of channels costs much less if it only has
to say which channels are taken. Layers that treat each channel on its own pass the new order on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Concatenate, Conv2d, Elementwise, Linear, Pointwise, Reshape, Take
from modelgen.operators.pooling import Pooling
from modelgen.passes.fold_movements import fold_movements


def order_channels(graph: Graph) -> Graph:
    """Sort the channels of each selection whose readers can do with any order."""
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        if selected := _selected(rewriter, node):
            order = np.argsort(selected, kind="stable")
            changes = _Changes(rewriter, node.name)
            if not np.array_equal(order, range(len(order))) and changes.reorder(node.output, order):
                changes.apply()
                rewriter.put(_taking(node, tuple(selected[i] for i in order)))
    return fold_movements(rewriter.graph())


def _selected(rewriter: Rewriter, node: Node) -> tuple[int, ...]:
    """Return the channels that a node selects, nothing else; empty if it is another node."""
    operator = node.operator
    last = len(rewriter.tensors[node.output].shape) - 1
    if isinstance(operator, Take) and operator.axes == (last,):
        return operator.selected[0]
    return ()


def _taking(node: Node, channels: tuple[int, ...]) -> Node:
    operator = node.operator
    assert isinstance(operator, Take)
    return replace(node, operator=replace(operator, selected=(channels,)))


class _Changes:
    """The nodes and constants that change with the order of a tensor's channels."""

    def __init__(self, rewriter: Rewriter, name: str) -> None:
        self._rewriter = rewriter
        self._name = name
        self._nodes: dict[str, Node] = {}
        self._constants: dict[str, np.ndarray] = {}

    def apply(self) -> None:
        """Make the changes."""
        self._rewriter.constants.update(self._constants)
        for node in self._nodes.values():
            self._rewriter.put(node)

    def reorder(self, tensor: str, order: np.ndarray) -> bool:
        """Collect what follows if channel i of a tensor is what channel order[i] was.

        Returns:
            Whether everything that reads the tensor can do with the new order.
        """
        pending = [(tensor, order)]
        while pending:
            name, order = pending.pop()
            if name in self._rewriter.outputs:
                return False
            for reader in self._rewriter.consumers(name):
                changed = self._changed(reader, name, order)
                if changed is None or reader.output in self._nodes:
                    return False
                self._nodes[reader.output], result = changed
                if result is not None:
                    pending.append((reader.output, result))
        return True

    def _changed(
        self, node: Node, name: str, order: np.ndarray
    ) -> tuple[Node, np.ndarray | None] | None:
        """Return what a reader becomes, and the order of its output, if that changes."""
        operator = node.operator
        if isinstance(operator, Concatenate) and node.inputs.count(name) == 1:
            return node, self._joined(node, name, order)
        if name in node.inputs[1:]:
            return None
        if isinstance(operator, Conv2d) and operator.groups == 1:
            return self._with(node, {"weight": order}), None
        if isinstance(operator, Linear):
            return self._of_features(node, order)
        if len(node.inputs) > 1:
            return None
        if selected := _selected(self._rewriter, node):
            places = np.argsort(order)
            return _taking(node, tuple(int(places[channel]) for channel in selected)), None
        if isinstance(operator, Conv2d) and operator.depthwise:
            channels = {role: order for role in node.constants if role != "weight"}
            return self._with(node, channels, filters=order), order
        if isinstance(operator, Pointwise):
            return self._with(node, dict.fromkeys(node.constants, order)), order
        if isinstance(operator, Reshape):
            return (node, order) if operator.shape[-1] == len(order) else None
        return (node, order) if isinstance(operator, Elementwise | Pooling) else None

    def _of_features(self, node: Node, order: np.ndarray) -> tuple[Node, np.ndarray | None] | None:
        """Return a linear layer over the channels alone."""
        whole = self._rewriter.arrays(node)["weight"].shape[1] == len(order)
        return (self._with(node, {"weight": order}), None) if whole else None

    def _joined(self, node: Node, name: str, order: np.ndarray) -> np.ndarray:
        """Return the order of channels side by side with those of others."""
        parts, first = [], 0
        for other in node.inputs:
            count = self._rewriter.tensors[other].columns
            parts.append(first + (order if other == name else np.arange(count)))
            first += count
        return np.concatenate(parts)

    def _with(
        self, node: Node, orders: Mapping[str, np.ndarray], filters: np.ndarray | None = None
    ) -> Node:
        """Return a node with constants reordered along their last dimension.

        Args:
            node: the node.
            orders: of each constant that changes, by its role.
            filters: the order of a weight's first dimension.
        """
        names = dict(node.constants)
        values = {r: self._rewriter.arrays(node)[r][..., order] for r, order in orders.items()}
        if filters is not None:
            values["weight"] = self._rewriter.arrays(node)["weight"][filters]
        for role, array in values.items():
            names[role] = f"{node.constants[role]}.{self._name}"
            self._constants[names[role]] = np.ascontiguousarray(array)
        return replace(node, constants=names)
