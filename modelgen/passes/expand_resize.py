"""Replace interpolations by convolutions and a movement, if INT8 represents their weights.

Interpolation by a factor f is a window of two pixels that slides over the map: between two pixels
lie f positions, whose weights are the distances to both. A convolution computes those positions as
its channels (phases), which are then moved to their pixels. Beyond the edges lie their pixels once
more. For a factor of 2, weights are 1/4 and 3/4 along each axis.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelgen.ir.expansion import Expansion
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Concatenate, Conv2d, Interleave, Operator, Pad, Resize
from modelgen.operators.window import Window

_LEAST_VALUES = 1024
"""Values of an output: fewer take the CPU less time than the layers take the engine."""


def expand_resize(graph: Graph, array_size: int) -> Graph:
    """Replace each interpolation by a factor of 2 or 4 along either axis or both.

    Args:
        graph: a quantized graph.
        array_size: S.
    """
    expander = _Expander(graph, array_size)
    for node in graph.nodes:
        expander.add(node)
    return expander.made.graph()


@dataclass(frozen=True)
class _Axis:
    """The phases along an axis."""

    factor: int

    @property
    def taps(self) -> int:
        return 1 if self.factor == 1 else 2

    @property
    def weights(self) -> np.ndarray:
        """Integers, shape (phases, taps), which are to be divided by `unit`."""
        if self.factor == 1:
            return np.ones((1, 1), np.int8)
        second = 2 * np.arange(self.factor) + 1
        return np.stack([2 * self.factor - second, second], axis=1).astype(np.int8)

    @property
    def unit(self) -> int:
        return 1 if self.factor == 1 else 2 * self.factor

    @property
    def first(self) -> int:
        """The first position inside the map, of those that begin beside its first pixel."""
        return self.factor // 2


class _Expander:
    """Makes the graph in which interpolations are replaced, node by node."""

    def __init__(self, graph: Graph, array_size: int) -> None:
        self._size = array_size
        self.made = Expansion(graph)

    def add(self, node: Node) -> None:
        """Add a node of the source, or what replaces it."""
        operator = node.operator
        pixels = self.made.tensors[node.inputs[0]].shape[1:3] if node.inputs else ()
        factors = operator.factors(pixels) if isinstance(operator, Resize) else None
        if factors is None or self.made.tensors[node.output].size < _LEAST_VALUES:
            self.made.put(node)
            return
        y, x = map(_Axis, factors)
        edge = (0, y.taps - 1, x.taps - 1, 0)
        padded = self._add(node, Pad(edge, edge, "replicate"), node.inputs[0])
        phases = self._phases(node, padded, y, x)
        size = self.made.tensors[node.output].shape[1:3]
        move = Interleave(factors, (y.first, x.first), (size[0], size[1]))
        self.made.put(replace(node, operator=move, inputs=(phases,)))

    def _phases(self, node: Node, source: str, y: _Axis, x: _Axis) -> str:
        """Add what computes the channels (phase in y, phase in x, channel)."""
        channels = self.made.tensors[source].columns
        weights = np.einsum("pi,qj->pqij", y.weights, x.weights).reshape(-1, y.taps, x.taps)
        window = Window((y.taps, x.taps))
        if self._is_dense_faster(channels, *weights.shape):
            dense = np.einsum("pij,cd->pcijd", weights, np.eye(channels, dtype=np.int8))
            roles = self._roles(node, dense.reshape(-1, y.taps, x.taps, channels), y, x)
            return self._add(node, Conv2d(window, joined=channels), source, roles=roles)
        parts = []
        for phase in weights:
            own = np.broadcast_to(phase[None, ..., None], (channels, y.taps, x.taps, 1))
            roles = self._roles(node, own, y, x)
            parts.append(self._add(node, Conv2d(window, channels), source, roles=roles))
        return self._add(node, Concatenate(), *parts)

    def _is_dense_faster(self, channels: int, phases: int, rows: int, columns: int) -> bool:
        """Return whether one convolution with zeros takes fewer slices than one for each phase."""
        taps, size = rows * columns, self._size
        dense = -(-taps * channels // size) * -(-phases * channels // size)
        return dense <= phases * taps * -(-channels // size)

    def _roles(self, node: Node, weight: np.ndarray, y: _Axis, x: _Axis) -> dict[str, str]:
        """Add constants; return their names by their roles."""
        arrays = {
            "weight": weight,
            "scale": np.full(len(weight), 1.0 / (y.unit * x.unit), np.float32),
            "bias": np.zeros(len(weight), np.float32),
        }
        return {
            role: self.made.add_constant(f"{node.name}.{role}", array)
            for role, array in arrays.items()
        }

    def _add(
        self, node: Node, operator: Operator, *sources: str, roles: dict[str, str] | None = None
    ) -> str:
        name = f"{node.name}.{operator.name}"
        return self.made.add(Node(name, operator, sources, "", roles or {}))
