"""Products of matrices."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode


def linear(node: FileNode, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    """Return alpha A B + beta C, where A and B may be transposed: a linear layer (Gemm)."""
    if a.dim() != 2 or b.dim() != 2:
        node.refuse(f"multiplies tensors of {a.dim()} and {b.dim()} dimensions; expected matrices")
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    a = a.t() if node.attribute("transA", 0) else a
    weight = b if node.attribute("transB", 0) else b.t()
    weight = weight if alpha == 1.0 else weight * alpha
    if c is None or beta == 0.0:
        return F.linear(a, weight)
    c = c if beta == 1.0 else c * beta
    is_bias = c.dim() == 1 or (c.dim() == 2 and c.shape[0] == 1)
    if is_bias and all(at in node.constants for at in (1, 2)):
        c = c if c.dim() == 1 else c[0]
        return F.linear(a, weight, c if len(c) == len(weight) else c.expand(len(weight)))
    return torch.matmul(a, weight.t()) + c


def product(node: FileNode, left: Tensor, right: Tensor) -> Tensor:
    """Return the product of matrices, or of batches of them."""
    return torch.matmul(left, right)


def einsum(node: FileNode, *values: Tensor) -> Tensor:
    """Return a sum of products along named dimensions."""
    return torch.einsum(node.attribute("equation"), *values)


OPERATORS: dict[str, Function] = {
    "Einsum": einsum,
    "Gemm": linear,
    "MatMul": product,
}
"""Operator type -> its function."""
