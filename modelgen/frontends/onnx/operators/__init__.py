"""The operators of ONNX in PyTorch, one function each.

A function gets the node and the tensors that it reads, None for those that are left out, and
returns its result, or a tuple of its results. Where ONNX allows what PyTorch cannot compute, it
raises `RefusedError`. It uses the operators of ATen that `frontends.torch_export` translates best.
"""

from __future__ import annotations

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.onnx.operators import (
    activations,
    arithmetic,
    comparisons,
    convolution,
    joining,
    normalization,
    padding,
    pooling,
    products,
    quantization,
    recurrent,
    reductions,
    resampling,
    selection,
    shapes,
)

_MODULES = (
    activations,
    arithmetic,
    comparisons,
    convolution,
    joining,
    normalization,
    padding,
    pooling,
    products,
    quantization,
    recurrent,
    reductions,
    resampling,
    selection,
    shapes,
)
OPERATORS: dict[str, Function] = {
    name: function for module in _MODULES for name, function in module.OPERATORS.items()
}
"""Operator type -> its function."""
