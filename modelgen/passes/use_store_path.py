"""Let the engine's store path compute functions and products, which it does on the way.

A function of each value for which there is a table, and a product of two tensors of one shape or of
a tensor and a factor for each channel, become layers that have an epilogue. They can be fused into
the layers before them like other activation functions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Binary, ChannelScale, Elementwise, Operator, Pointwise
from modelgen.operators.base import Shape
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.table_functions import TABLE_FUNCTIONS

FEWEST_CYCLES = 600
"""A function that takes the CPU fewer cycles stays there: the engine would have to load a table."""


def use_store_path(graph: Graph) -> Graph:
    """Replace functions and products that the store path computes."""
    rewriter = Rewriter(graph)
    for node in rewriter.each():
        shapes = [rewriter.tensors[name].shape for name in node.inputs]
        if any(name in rewriter.constants for name in node.inputs):
            continue
        if isinstance(node.operator, Elementwise):
            _replace_function(rewriter, node, node.operator, shapes)
        elif isinstance(node.operator, Binary) and node.operator.kind == "multiply":
            _replace_product(rewriter, node, shapes)
    return rewriter.graph()


def _replace_function(
    rewriter: Rewriter, node: Node, operator: Elementwise, shapes: list[Shape]
) -> None:
    kernel = operator.kernel(shapes)
    if kernel.cycles < FEWEST_CYCLES:
        return
    if operator.function == "hardsigmoid":
        channels = rewriter.tensors[node.output].columns
        names = {role: f"{node.name}.{role}" for role in ("scale", "bias")}
        rewriter.constants[names["scale"]] = np.full(channels, 1 / 6, np.float32)
        rewriter.constants[names["bias"]] = np.full(channels, 0.5, np.float32)
        clamped = Pointwise(Epilogue(low=0.0, high=1.0))
        rewriter.put(replace(node, operator=clamped, constants=names))
    elif operator.function in TABLE_FUNCTIONS:
        stored = Pointwise(Epilogue(function=operator.function))
        rewriter.put(replace(node, operator=stored))


def _replace_product(rewriter: Rewriter, node: Node, shapes: list[Shape]) -> None:
    """Replace a product, with the larger operand first."""
    product: Operator
    if shapes[0] == shapes[1]:
        product, order = Pointwise(Epilogue(product=True)), (0, 1)
    else:
        order = (0, 1) if _has_factors(*shapes) else (1, 0)
        if not _has_factors(*(shapes[i] for i in order)):
            return
        product = ChannelScale()
    inputs = tuple(node.inputs[i] for i in order)
    rewriter.put(replace(node, operator=product, inputs=inputs))


def _has_factors(shape: Shape, factors: Shape) -> bool:
    """Return whether a tensor has a factor for each channel of another one."""
    ones = all(size == 1 for size in factors[:-1])
    return ones and len(shape) >= len(factors) > 0 and shape[-1] == factors[-1] > 1
