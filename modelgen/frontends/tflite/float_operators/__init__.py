"""The operators of float .tflite models in PyTorch, one function each.

A function gets the node and the tensors that it reads, None for those that are left out, and
returns its result, or a tuple of its results. Options have the names of the schema, such as
"StrideH"; "ResultType" is the type of the first output, such as "INT32". Where a file asks for what
PyTorch cannot compute, a function raises `RefusedError`.
"""

from __future__ import annotations

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.tflite.float_operators import (
    activations,
    arithmetic,
    convolution,
    joining,
    padding,
    pooling,
    products,
    reductions,
    resampling,
    selection,
    shapes,
)

_MODULES = (
    activations,
    arithmetic,
    convolution,
    joining,
    padding,
    pooling,
    products,
    reductions,
    resampling,
    selection,
    shapes,
)
OPERATORS: dict[str, Function] = {
    name: function for module in _MODULES for name, function in module.OPERATORS.items()
}
"""Operator of a file -> its function."""
