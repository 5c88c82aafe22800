"""Compute two layers in turn, some rows at a time, so that the map between them is never whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from modelgen.ir.expansion import Expansion
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, Rows, StackRows


@dataclass(frozen=True)
class Pair:
    """Two layers, of which the second alone reads what the first writes."""

    first: Node
    second: Node


def pairs(graph: Graph) -> list[Pair]:
    """Return the convolutions of a single map that can be computed in turn.

    Neither adds another tensor or pools, and the maps are whole: no part of a larger one.
    """
    found = []
    for node in graph.nodes:
        readers = graph.consumers(node.output)
        if len(readers) == 1 and node.output not in graph.outputs:
            pair = Pair(node, readers[0])
            maps = (node.inputs[0], node.output, readers[0].output)
            if _is_plain(node) and _is_plain(readers[0]) and all(_is_whole(graph, m) for m in maps):
                found.append(pair)
    return found


def _is_plain(node: Node) -> bool:
    operator = node.operator
    if not isinstance(operator, Conv2d):
        return False
    return not (operator.epilogue.reads_operand or operator.epilogue.pools or operator.repeated)


def _is_whole(graph: Graph, tensor: str) -> bool:
    """Return whether a tensor is one feature map that is no view of another tensor."""
    shape = graph.tensors[tensor].shape
    around = [graph.producer(tensor), *graph.consumers(tensor)]
    views = (node for node in around if node is not None and not node.operator.takes_time)
    return len(shape) == 4 and shape[0] == 1 and not any(views)


def cut_rows(graph: Graph, pair: Pair, heights: Sequence[int]) -> Graph | None:
    """Return the graph with two layers computed in turn; None if a part had only padding to read.

    Rows of the first layer that two parts of the second read are computed for each of them.

    Args:
        graph: a quantized graph.
        pair: two of its layers, see `pairs`.
        heights: rows of the second layer's output in each part.
    """
    cutter = _Cutter(graph, pair)
    for node in graph.nodes:
        if node is pair.second:
            if not all(cutter.add(outputs) for outputs in _ranges(heights)):
                return None
            cutter.stack()
        elif node is not pair.first:
            cutter.made.put(node)
    return cutter.made.graph()


def _ranges(sizes: Sequence[int]) -> list[range]:
    return [range(start, stop) for start, stop in pairwise(accumulate(sizes, initial=0))]


class _Cutter:
    """Makes the graph in which two layers are parts."""

    def __init__(self, graph: Graph, pair: Pair) -> None:
        self._graph = graph
        self._pair = pair
        self.made = Expansion(graph)
        self._stored: list[str] = []
        """Parts of the second layer's output."""
        self._computed = 0
        """Rows of the map between the layers that a part has computed."""

    def add(self, outputs: range) -> bool:
        """Add the parts for some rows of outputs; return whether they read more than padding."""
        first, second = self._pair.first, self._pair.second
        between = self._graph.tensors[first.output].shape
        source = self._graph.tensors[first.inputs[0]].shape
        second_window, needed = _operator(second).window.part(between[1], outputs)
        if not needed:
            return False
        first_window, seen = _operator(first).window.part(source[1], needed)
        if not seen:
            return False
        repeated = max(self._computed - needed.start, 0)
        self._computed = needed.stop
        rows = Rows(seen.start, len(seen))
        given = self.made.add(Node(_part(first.inputs[0], seen), rows, first.inputs[:1], ""))
        operator = replace(_operator(first), window=first_window, repeated=repeated)
        name = _part(first.name, needed)
        stored = self.made.add(replace(first, name=name, operator=operator, inputs=(given,)))
        operator = replace(_operator(second), window=second_window)
        name = _part(second.name, outputs)
        part = replace(second, name=name, operator=operator, inputs=(stored,))
        self._stored.append(self.made.add(part))
        return True

    def stack(self) -> None:
        """Add the node that makes the parts a whole."""
        whole = self._pair.second
        self.made.put(Node(whole.name, StackRows(), tuple(self._stored), whole.output))


def _operator(node: Node) -> Conv2d:
    assert isinstance(node.operator, Conv2d)
    return node.operator


def _part(name: str, rows: range) -> str:
    return f"{name}[{rows.start}:{rows.stop}]"
