"""Fold `x * a + b`, with one factor and one constant for all values, into the layer that follows.

A factor per channel would require a weight scale per input channel, which INT8 weights do not have:
such a node stays, or is folded into the layer before it (`fold_batch_norm`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Conv2d, Linear, Pointwise, Reshape
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.fuse_pointwise import only_reader


def fold_affine(graph: Graph) -> Graph:
    """Fold each factor and constant into the weights and bias of the layer that follows."""
    rewriter = Rewriter(graph)
    # Backwards: what stands between a node and the layer that it can be folded into goes first.
    for node in rewriter.each(backwards=True):
        values = _factor_and_constant(rewriter, node)
        if values is None:
            continue
        reader = _reader(rewriter, node.output)
        if reader is not None and _can_fold(reader, values[1]):
            _fold(rewriter, node, reader, *values)
    return rewriter.graph()


def _reader(rewriter: Rewriter, tensor: str) -> Node | None:
    """Return the only layer that reads a tensor, as its first input and in any shape, or None."""
    while only_reader(rewriter, tensor):
        (reader,) = rewriter.consumers(tensor)
        if not isinstance(reader.operator, Reshape):
            first = reader.inputs[0] == tensor and tensor not in reader.inputs[1:]
            return reader if first else None
        tensor = reader.output
    return None


def _factor_and_constant(rewriter: Rewriter, node: Node) -> tuple[float, float] | None:
    """Return a and b of a node that computes `x * a + b` on all channels, otherwise None."""
    if node.operator != Pointwise(Epilogue()) or "scale" not in node.constants:
        return None
    scale, bias = (rewriter.arrays(node)[role] for role in ("scale", "bias"))
    if (scale != scale[0]).any() or (bias != bias[0]).any():
        return None
    return float(scale[0]), float(bias[0])


def _can_fold(reader: Node, constant: float) -> bool:
    if isinstance(reader.operator, Linear):
        return True
    # Zeros are padded after the constant is added; folding the constant would add it to them too.
    pads = isinstance(reader.operator, Conv2d) and any(reader.operator.window.padding)
    return isinstance(reader.operator, Conv2d) and not (pads and constant)


def _fold(rewriter: Rewriter, node: Node, reader: Node, factor: float, constant: float) -> None:
    arrays = {role: value.astype(np.float64) for role, value in rewriter.arrays(reader).items()}
    weight = arrays["weight"]
    bias = arrays.get("bias", np.zeros(len(weight)))
    bias = bias + constant * weight.reshape(len(weight), -1).sum(axis=1)
    names = {role: f"{reader.name}.{node.name}.{role}" for role in ("weight", "bias")}
    rewriter.constants[names["weight"]] = (weight * factor).astype(np.float32)
    rewriter.constants[names["bias"]] = bias.astype(np.float32)
    rewriter.put(replace(reader, constants=names, fused=(node.name, *reader.fused)))
    rewriter.bypass(node)
