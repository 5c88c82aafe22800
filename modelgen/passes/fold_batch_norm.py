"""Fold the scale and bias of a batch-norm into the convolution or linear layer before it.

What else it does, such as the addition of a second operand, moves into that layer as well.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Conv2d, ConvTranspose2d, Linear, Pointwise
from modelgen.operators.epilogue import Epilogue, Stored
from modelgen.passes.fuse_pointwise import only_reader


def fold_batch_norm(graph: Graph) -> Graph:
    """Fold each scale and bias into the weights of the layer directly before it."""
    rewriter = Rewriter(graph)
    for norm in rewriter.each():
        if not isinstance(norm.operator, Pointwise) or "scale" not in norm.constants:
            continue
        before = rewriter.producer(norm.inputs[0])
        if norm.inputs[0] in norm.inputs[1:]:
            continue
        if before is not None and _can_fold(rewriter, before):
            _fold(rewriter, before, norm)
    return rewriter.graph()


def _can_fold(rewriter: Rewriter, before: Node) -> bool:
    operator = before.operator
    if not isinstance(operator, Conv2d | ConvTranspose2d | Linear):
        return False
    return only_reader(rewriter, before.output) and operator.epilogue == Epilogue()


def _fold(rewriter: Rewriter, before: Node, norm: Node) -> None:
    operator, after = before.operator, norm.operator
    assert isinstance(operator, Stored) and isinstance(after, Stored)
    arrays, factors = rewriter.arrays(before), rewriter.arrays(norm)
    weight, bias = arrays["weight"], arrays.get("bias", np.float32(0.0))
    scale, shift = (factors[role].astype(np.float64) for role in ("scale", "bias"))
    shaped = scale.reshape(-1, *(1 for _ in weight.shape[1:]))
    names = {role: f"{before.name}.{norm.name}.{role}" for role in ("weight", "bias")}
    rewriter.constants[names["weight"]] = (weight * shaped).astype(np.float32)
    rewriter.constants[names["bias"]] = (bias * scale + shift).astype(np.float32)
    folded = replace(
        before,
        operator=operator.with_epilogue(after.epilogue),
        inputs=(*before.inputs, *norm.inputs[1:]),
        output=norm.output,
        constants=names,
        fused=(*before.fused, norm.name, *norm.fused),
    )
    rewriter.remove(before)
    rewriter.put(folded)
