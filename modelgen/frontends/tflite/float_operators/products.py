"""Products of matrices."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.tflite.float_operators.activations import activated


def linear(node: FileNode, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a linear layer of rows; its weights have the shape (outputs, inputs)."""
    if node.attribute("WeightsFormat") != 0:
        node.refuse("has shuffled weights")
    if weight.dim() != 2 or not weight.shape[1] or x.numel() % weight.shape[1]:
        node.refuse(f"has weights {list(weight.shape)}, which do not fit {list(x.shape)}")
    keeps = node.attribute("KeepNumDims") or x.dim() == 2
    rows = x if keeps and x.shape[-1] == weight.shape[1] else x.reshape(-1, weight.shape[1])
    if 1 in node.constants:
        return activated(node, F.linear(rows, weight, bias))
    result = torch.matmul(rows, weight.t())
    return activated(node, result if bias is None else result + bias)


def product(node: FileNode, left: Tensor, right: Tensor) -> Tensor:
    """Return the product of batches of matrices, either of which may be transposed."""
    left = left.transpose(-1, -2) if node.attribute("AdjX") else left
    right = right.transpose(-1, -2) if node.attribute("AdjY") else right
    return torch.matmul(left, right)


OPERATORS: dict[str, Function] = {
    "BATCH_MATMUL": product,
    "FULLY_CONNECTED": linear,
}
"""Operator of a file -> its function."""
