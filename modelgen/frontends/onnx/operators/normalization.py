"""Normalizations: with statistics found in training, or with those of the input itself."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode, check_size

_SMALLEST = float(np.finfo(np.float32).tiny)
_TRAINING = "Export the model in evaluation mode."


def _epsilon(node: FileNode) -> float:
    return float(node.attribute("epsilon", 1e-5))


def batch_normalization(
    node: FileNode, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    """Normalize each channel with the mean and variance of the training."""
    if node.attribute("training_mode", 0) or node.returns(1):
        node.refuse("works as in training", _TRAINING)
    return F.batch_norm(x, mean, variance, scale, bias, eps=_epsilon(node))


def layer_normalization(
    node: FileNode, x: Tensor, scale: Tensor | None = None, bias: Tensor | None = None
) -> Tensor:
    """Normalize over the last dimensions, beginning with an axis."""
    if node.returns(1) or node.returns(2):
        node.refuse("returns mean and deviation, which only training needs", _TRAINING)
    sizes = x.shape[node.axis(node.attribute("axis", -1), x.dim()) :]
    if all(part is None or part.shape == sizes for part in (scale, bias)):
        return F.layer_norm(x, sizes, scale, bias, _epsilon(node))
    normalized = F.layer_norm(x, sizes, eps=_epsilon(node))
    normalized = normalized if scale is None else normalized * scale
    return normalized if bias is None else normalized + bias


def rms_normalization(node: FileNode, x: Tensor, scale: Tensor) -> Tensor:
    """Divide by the root of the mean square over the last dimensions."""
    sizes = x.shape[node.axis(node.attribute("axis", -1), x.dim()) :]
    if scale.shape == sizes:
        return F.rms_norm(x, sizes, scale, _epsilon(node))
    return F.rms_norm(x, sizes, eps=_epsilon(node)) * scale


def instance_normalization(node: FileNode, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Normalize each channel of each sample."""
    return torch.instance_norm(x, scale, bias, None, None, True, 0.0, _epsilon(node), False)


def group_normalization(node: FileNode, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Normalize groups of channels."""
    groups = node.attribute("num_groups")
    if groups < 1 or x.shape[1] % groups:
        node.refuse(f"divides {x.shape[1]} channels into {groups} groups")
    return F.group_norm(x, groups, scale, bias, _epsilon(node))


def lp_normalization(node: FileNode, x: Tensor) -> Tensor:
    """Divide by the norm along an axis; zeros stay zeros."""
    axis = node.axis(node.attribute("axis", -1), x.dim())
    if node.attribute("p", 2) == 1:
        norm = torch.abs(x).sum(axis, keepdim=True)
    else:
        norm = torch.linalg.vector_norm(x, dim=axis, keepdim=True)
    return x / torch.clamp(norm, min=_SMALLEST)


def local_response_normalization(node: FileNode, x: Tensor) -> Tensor:
    """Divide by a power of the mean square of neighbouring channels."""
    size, alpha = node.attribute("size"), node.attribute("alpha", 1e-4)
    if size < 1:
        node.refuse(f"is a mean of {size} channels")
    channels = x.shape[1]
    check_size((size, *x.shape))
    padded = F.pad(x * x, [0, 0] * (x.dim() - 2) + [(size - 1) // 2, size // 2])
    parts = [padded.narrow(1, first, channels) for first in range(size)]
    squares = parts[0]
    for part in parts[1:]:
        squares = squares + part
    sums = squares * (alpha / size) + node.attribute("bias", 1.0)
    return x * torch.exp(torch.log(sums) * -node.attribute("beta", 0.75))


OPERATORS: dict[str, Function] = {
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LRN": local_response_normalization,
    "LayerNormalization": layer_normalization,
    "LpNormalization": lp_normalization,
    "RMSNormalization": rms_normalization,
}
"""Operator type -> its function."""
