"""Let the engine's store path compute functions and products, which it does on the way.

A function of each value for which there is a table, and a product of two tensors of one shape or of
a tensor and a factor for each channel, become layers that have an epilogue. They can be fused into
the layers before them like other activation functions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from modelgen.arithmetic.function_table import Wide
from modelgen.ir.graph import Graph, Node
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Binary, ChannelScale, Elementwise, Operator, Pointwise
from modelgen.operators.base import Shape
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.table_functions import TABLE_FUNCTIONS

_FEWEST_CYCLES = 600
"""Functions with one table that take the CPU fewer cycles in all stay there: the engine would have
to load the table."""

_CLAMPED = "hardsigmoid"
"""A scale, a bias and a clamp, without a table."""


def use_store_path(graph: Graph) -> Graph:
    """Replace functions and products that the store path computes."""
    rewriter = Rewriter(graph)
    worthwhile = _worthwhile(graph)
    for node in rewriter.each():
        shapes = [rewriter.tensors[name].shape for name in node.inputs]
        if any(name in rewriter.constants for name in node.inputs):
            continue
        if isinstance(node.operator, Elementwise):
            if node.operator.function in worthwhile:
                _replace_function(rewriter, node, node.operator.function)
        elif isinstance(node.operator, Binary) and node.operator.kind == "multiply":
            _replace_product(rewriter, node, shapes)
    return rewriter.graph()


def _worthwhile(graph: Graph) -> set[str]:
    """Return the functions that the store path computes sooner than the CPU."""
    cycles: Counter[Wide] = Counter()
    for node in graph.nodes:
        if isinstance(node.operator, Elementwise) and node.operator.function in TABLE_FUNCTIONS:
            kernel = node.operator.kernel(graph.shapes(node), {})
            cycles[TABLE_FUNCTIONS[node.operator.function].gate] += round(kernel.cycles)
    found = {name for name, by in TABLE_FUNCTIONS.items() if cycles[by.gate] >= _FEWEST_CYCLES}
    return {*found, _CLAMPED}


def _replace_function(rewriter: Rewriter, node: Node, function: str) -> None:
    if function == _CLAMPED:
        channels = rewriter.tensors[node.output].columns
        names = {role: f"{node.name}.{role}" for role in ("scale", "bias")}
        rewriter.constants[names["scale"]] = np.full(channels, 1 / 6, np.float32)
        rewriter.constants[names["bias"]] = np.full(channels, 0.5, np.float32)
        clamped = Pointwise(Epilogue(low=0.0, high=1.0))
        rewriter.put(replace(node, operator=clamped, constants=names))
    else:
        rewriter.put(replace(node, operator=Pointwise(Epilogue(function=function))))


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
