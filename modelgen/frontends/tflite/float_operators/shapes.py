"""Shapes, orders and types: operators that change them, or make values of them."""

from __future__ import annotations

import torch
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.tflite.float_operators.dimensions import axis_of
from modelgen.frontends.tflite.types import RUN_TIME


def reshape(node: FileNode, x: Tensor, shape: Tensor | None = None) -> Tensor:
    """Return the values in another shape; -1 stands for what remains."""
    sizes = node.ints(1, "shape") if node.has(1) else node.attribute("NewShape", ())
    return x.reshape(list(sizes))


def squeeze(node: FileNode, x: Tensor) -> Tensor:
    """Remove dimensions of size 1: those named, or all."""
    named = sorted({node.axis(axis, x.dim()) for axis in node.attribute("SqueezeDims")})
    if any(x.shape[axis] != 1 for axis in named):
        node.refuse(f"removes the dimensions {named} of {list(x.shape)}, not all of size 1")
    return x.squeeze(tuple(named)) if named else x.squeeze()


def expand_dims(node: FileNode, x: Tensor, axis: Tensor) -> Tensor:
    """Insert a dimension of size 1."""
    return x.unsqueeze(axis_of(node, 1, x.dim() + 1))


def transpose(node: FileNode, x: Tensor, order: Tensor) -> Tensor:
    """Return the dimensions in another order."""
    axes = [node.axis(axis, x.dim()) for axis in node.ints(1, "order of dimensions")]
    if sorted(axes) != list(range(x.dim())):
        node.refuse(f"has {axes}, which is not an order of {x.dim()} dimensions")
    return x.permute(axes)


def cast(node: FileNode, x: Tensor) -> Tensor:
    """Convert values; floating-point numbers are FP32, integers have 64 bits."""
    wanted = node.attribute("ResultType")
    if wanted not in RUN_TIME:
        node.refuse(f"converts to {wanted}; supported: {', '.join(RUN_TIME)}")
    kind = getattr(torch, RUN_TIME[wanted])
    return x != 0 if kind == torch.bool and x.dtype != torch.bool else x.to(kind)


def fill(node: FileNode, shape: Tensor, value: Tensor) -> Tensor:
    """Return a tensor of some shape with a number everywhere."""
    return value.reshape(()).expand(node.ints(0, "shape"))


def sequence(node: FileNode, start: Tensor, limit: Tensor, step: Tensor) -> Tensor:
    """Return numbers from one to another."""
    kind = getattr(torch, RUN_TIME.get(node.attribute("ResultType"), "float32"))
    limits = [node.number(at, "limit") for at in range(3)]
    return torch.arange(*limits).to(kind)


OPERATORS: dict[str, Function] = {
    "CAST": cast,
    "EXPAND_DIMS": expand_dims,
    "FILL": fill,
    "RANGE": sequence,
    "RANK": lambda node, x: torch.tensor(x.dim()),
    "RESHAPE": reshape,
    "SHAPE": lambda node, x: torch.tensor(list(x.shape)),
    "SQUEEZE": squeeze,
    "TRANSPOSE": transpose,
    "ZEROS_LIKE": lambda node, x: torch.zeros(x.shape, dtype=x.dtype),
}
"""Operator of a file -> its function."""
OF_SHAPES = ("RANK", "SHAPE", "ZEROS_LIKE")
"""Operators that only take the shape and the type of their input."""
