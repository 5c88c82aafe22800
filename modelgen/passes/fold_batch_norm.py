"""Fold the scale and bias of a batch-norm into the convolution or linear layer before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, Linear, Pointwise
from modelgen.operators.epilogue import Epilogue, Stored
from modelgen.passes.fuse_pointwise import only_reader


def fold_batch_norm(graph: Graph) -> Graph:
    """Fold each scale and bias into the weights of the layer directly before it."""
    for norm in graph.nodes:
        if not isinstance(norm.operator, Pointwise) or "scale" not in norm.constants:
            continue
        before = graph.producer(norm.inputs[0])
        if before is not None and _can_fold(graph, before):
            return fold_batch_norm(_fold(graph, before, norm))
    return graph


def _can_fold(graph: Graph, before: Node) -> bool:
    operator = before.operator
    if not isinstance(operator, Conv2d | Linear) or not only_reader(graph, before.output):
        return False
    return operator.epilogue == Epilogue()


def _fold(graph: Graph, before: Node, norm: Node) -> Graph:
    operator, after = before.operator, norm.operator
    assert isinstance(operator, Stored) and isinstance(after, Stored)
    arrays, factors = graph.arrays(before), graph.arrays(norm)
    weight, bias = arrays["weight"], arrays.get("bias", np.float32(0.0))
    scale, shift = (factors[role].astype(np.float64) for role in ("scale", "bias"))
    shaped = scale.reshape(-1, *(1 for _ in weight.shape[1:]))
    names = {role: f"{before.name}.{norm.name}.{role}" for role in ("weight", "bias")}
    constants = {
        **graph.constants,
        names["weight"]: (weight * shaped).astype(np.float32),
        names["bias"]: (bias * scale + shift).astype(np.float32),
    }
    folded = replace(
        before,
        operator=operator.with_epilogue(after.epilogue),
        output=norm.output,
        constants=names,
        fused=(*before.fused, norm.name, *norm.fused),
    )
    nodes = [folded if node is norm else node for node in graph.nodes if node is not before]
    return graph.with_nodes(nodes, constants=constants)
