"""Moving integers instead of the floating-point numbers that they stand for.

A movement gives the same values before or behind Dequantize and Quantize.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Concatenate, Dequantize, Operator, Pad, Quantize


def sink_dequantize(graph: Graph) -> Graph:
    """Return a graph in which what moves dequantized values moves the integers."""
    tensors = dict(graph.tensors)
    made: dict[str, Node] = {}
    for node in graph.nodes:
        sources = [made.get(name) for name in node.inputs]
        back = _common(sources)
        moved = None if back is None else _on_integers(node.operator, back.quantization)
        if back is None or moved is None:
            made[node.output] = node
            continue
        name = _unused(f"{node.output}.integers", tensors)
        shape = tensors[node.output].shape
        tensors[name] = Tensor(name, shape, ElementType.INT8, back.quantization)
        inputs = tuple(source.inputs[0] for source in sources if source is not None)
        made[name] = replace(node, operator=moved, inputs=inputs, output=name)
        made[node.output] = Node(f"{node.name}.dequantized", back, (name,), node.output)
    return graph.with_nodes(made.values(), tensors=tensors)


def _common(sources: Iterable[Node | None]) -> Dequantize | None:
    """Return what dequantizes all inputs of a node, or None."""
    found = {None if source is None else source.operator for source in sources}
    operator = found.pop() if len(found) == 1 else None
    return operator if isinstance(operator, Dequantize) else None


def _on_integers(operator: Operator, quantization: Quantization) -> Operator | None:
    """Return what moves integers as an operator moves numbers; None if it does more than that."""
    if operator.keeps_values or isinstance(operator, Concatenate):
        return operator
    return _padding(operator, quantization) if isinstance(operator, Pad) else None


def _padding(operator: Pad, quantization: Quantization) -> Pad | None:
    """Return what pads integers; None if none of them is the value of the padding."""
    if operator.fill is None:
        return operator
    integer = quantization.nearest(operator.value)
    if not LOWEST <= integer <= HIGHEST:
        return None
    exact = quantization.dequantize(np.array(integer)) == np.float32(operator.value)
    return replace(operator, value=float(integer)) if exact else None


def hoist_quantize(graph: Graph) -> Graph:
    """Return a graph in which what moves values before they are quantized moves the integers."""
    rewriter = Rewriter(graph)
    # From the end, so that a Quantize passes all movements before it.
    for node in rewriter.each(backwards=True):
        mover = rewriter.producer(node.inputs[0])
        if not isinstance(node.operator, Quantize) or mover is None:
            continue
        is_read_once = len(rewriter.consumers(mover.output)) == 1
        if not mover.operator.keeps_values or not is_read_once or mover.output in graph.outputs:
            continue
        # Both change places.
        shape = rewriter.tensors[mover.inputs[0]].shape
        rewriter.tensors[mover.output] = Tensor(
            mover.output, shape, ElementType.INT8, node.operator.quantization
        )
        rewriter.put(replace(node, inputs=mover.inputs, output=mover.output))
        rewriter.put(replace(mover, inputs=(mover.output,), output=node.output))
    return rewriter.graph()


def _unused(name: str, tensors: dict[str, Tensor]) -> str:
    while name in tensors:
        name += "_"
    return name
