"""Fold `x * a + b`, with one factor and one constant for all values, into the layer that follows.

A factor per channel would require a weight scale per input channel, which INT8 weights do not have:
such a node stays, or is folded into the layer before it (`fold_batch_norm`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, Linear, Pointwise, Reshape
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.fuse_pointwise import only_reader


def fold_affine(graph: Graph) -> Graph:
    """Fold each factor and constant into the weights and bias of the layer that follows."""
    for node in graph.nodes:
        values = _factor_and_constant(graph, node)
        if values is None:
            continue
        reader = _reader(graph, node.output)
        if reader is not None and _can_fold(reader, values[1]):
            return fold_affine(_fold(graph, node, reader, *values))
    return graph


def _reader(graph: Graph, tensor: str) -> Node | None:
    """Return the only layer that reads a tensor, as its first input and in any shape, or None."""
    if not only_reader(graph, tensor):
        return None
    (reader,) = graph.consumers(tensor)
    if isinstance(reader.operator, Reshape):
        return _reader(graph, reader.output)
    return reader if reader.inputs[0] == tensor and tensor not in reader.inputs[1:] else None


def _factor_and_constant(graph: Graph, node: Node) -> tuple[float, float] | None:
    """Return a and b of a node that computes `x * a + b` on all channels, otherwise None."""
    if node.operator != Pointwise(Epilogue()) or "scale" not in node.constants:
        return None
    scale, bias = (graph.arrays(node)[role] for role in ("scale", "bias"))
    if (scale != scale[0]).any() or (bias != bias[0]).any():
        return None
    return float(scale[0]), float(bias[0])


def _can_fold(reader: Node, constant: float) -> bool:
    if isinstance(reader.operator, Linear):
        return True
    # Zeros are padded after the constant is added; folding the constant would add it to them too.
    pads = isinstance(reader.operator, Conv2d) and any(reader.operator.window.padding)
    return isinstance(reader.operator, Conv2d) and not (pads and constant)


def _fold(graph: Graph, node: Node, reader: Node, factor: float, constant: float) -> Graph:
    arrays = {role: value.astype(np.float64) for role, value in graph.arrays(reader).items()}
    weight = arrays["weight"]
    bias = arrays.get("bias", np.zeros(len(weight)))
    bias = bias + constant * weight.reshape(len(weight), -1).sum(axis=1)
    names = {role: f"{reader.name}.{node.name}.{role}" for role in ("weight", "bias")}
    constants = {
        **graph.constants,
        names["weight"]: (weight * factor).astype(np.float32),
        names["bias"]: bias.astype(np.float32),
    }
    folded = replace(reader, constants=names, fused=(node.name, *reader.fused))
    nodes = [folded if other is reader else other for other in graph.nodes]
    return graph.with_nodes(nodes, constants=constants).without(node)
