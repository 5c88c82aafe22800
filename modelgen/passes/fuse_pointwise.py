"""Activations and additions become part of the store of the layer before them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from modelgen.ir.graph import Graph, Node

FUSED = ("residual", "slope", "clamp", "pool")
"""Attributes of what a store does after scale and bias, in its order."""
_STORING = ("conv2d", "linear", "max_pool2d", "avg_pool2d", "pointwise")


def fuse_pointwise(graph: Graph) -> Graph:
    """Merge element-wise layers into the layer before, if only they read its output."""
    for node in graph.nodes:
        merged = _merged(graph, node) if _is_plain(node) else None
        if merged is not None:
            return fuse_pointwise(merged)
    return graph


def only_reader(graph: Graph, tensor: str) -> bool:
    """Tell whether one node reads a tensor, and nobody else."""
    return len(graph.consumers(tensor)) == 1 and graph.output != tensor


def _is_plain(node: Node) -> bool:
    return node.op == "pointwise" and not node.constants


def _merged(graph: Graph, node: Node) -> Graph | None:
    """Return the graph with a node merged into a layer before it; None if that cannot be."""
    for position in _by_work(graph, node):
        before = graph.producer(node.inputs[position])
        if before is None or before.op not in _STORING:
            continue
        if not only_reader(graph, before.output) or len(set(node.inputs)) < len(node.inputs):
            continue
        attributes = _combine(before.attributes, node.attributes)
        if attributes is None:
            continue
        others = tuple(name for i, name in enumerate(node.inputs) if i != position)
        fused = [*before.attributes.get("fused", []), node.name, *node.attributes.get("fused", [])]
        merged = replace(
            before,
            inputs=(*before.inputs, *others),
            output=node.output,
            attributes={**before.attributes, **attributes, "fused": fused},
        )
        # In the place of the later one: by then the other operand has been computed.
        nodes = [merged if other is node else other for other in graph.nodes if other is not before]
        return graph.with_nodes(nodes)
    return None


def _by_work(graph: Graph, node: Node) -> list[int]:
    """Return the positions of a node's inputs, those from layers with more weights first."""

    def weights(position: int) -> int:
        before = graph.producer(node.inputs[position])
        weight = None if before is None else graph.constant(before, "weight")
        return 0 if weight is None else weight.size

    return sorted(range(len(node.inputs)), key=weights, reverse=True)


def _combine(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a store does that does both, one after another; None if it cannot."""
    combined = {name: before[name] for name in FUSED if name in before}
    if after.get("residual"):
        if combined:
            return None
        combined["residual"] = True
    if "slope" in after:
        # A slope below zero turns the order of values round, which a pooling would see.
        if (
            "slope" in combined
            or "clamp" in combined
            or ("pool" in combined and after["slope"] < 0)
        ):
            return None
        combined["slope"] = after["slope"]
    if "clamp" in after:
        both = _intersection(combined.get("clamp", [None, None]), after["clamp"])
        if both is None:
            return None
        combined["clamp"] = both
    return combined


def _intersection(first: list, second: list) -> list | None:
    """Return the bounds of two clamps one after another; None where they do not overlap."""
    low = max((b[0] for b in (first, second) if b[0] is not None), default=None)
    high = min((b[1] for b in (first, second) if b[1] is not None), default=None)
    return None if low is not None and high is not None and low > high else [low, high]
