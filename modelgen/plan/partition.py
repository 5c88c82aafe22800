"""Which target computes each layer, and why."""

from __future__ import annotations

from collections.abc import Sequence

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph, Node
from modelgen.targets.base import Step, Target


def partition(graph: Graph, targets: Sequence[Target]) -> tuple[Step, ...]:
    """Return the layers that take time, each on the first target that supports it.

    Args:
        graph: a quantized graph.
        targets: the targets, most preferred first.

    Raises:
        ModelError: there is no such layer, or there are layers that no target supports.
    """
    nodes = [node for node in graph.nodes if node.operator.takes_time]
    if not nodes:
        raise ModelError("The model has no layer that computes anything: nothing would run.")
    placed = [_place(graph, node, targets) for node in nodes]
    if refusals := [each for each in placed if isinstance(each, str)]:
        raise ModelError("\n".join(refusals))
    return tuple(each for each in placed if isinstance(each, Step))


def _place(graph: Graph, node: Node, targets: Sequence[Target]) -> Step | str:
    """Return a layer on the first target that supports it, or why none does."""
    refusals: list[str] = []
    for target in targets:
        refusal = target.supports(graph, node)
        if refusal is None:
            # Why a preferred target does not support it says more than why this one does.
            return Step(node, target.name, refusals[0] if refusals else target.reason(node))
        refusals.append(refusal)
    reasons = "; ".join(refusals)
    return (
        f"Layer '{node.name}' ({node.operator.name}) is not supported by any target: {reasons}. "
        "Replace it, or run that part of the model elsewhere."
    )
