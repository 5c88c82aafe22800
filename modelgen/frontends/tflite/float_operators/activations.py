"""Activations and functions of one value, alone or fused into others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode

_FUSED: dict[int, Function] = {
    0: lambda x: x,
    1: F.relu,
    2: lambda x: torch.clamp(x, -1.0, 1.0),
    3: F.relu6,
}
"""Number in the schema -> NONE, RELU, RELU_N1_TO_1, RELU6."""
_SMALLEST_NORM = 1e-6


def _of_one(function: Function) -> Function:
    """Return what computes a function without options."""
    return lambda node, x: function(x)


def activated(node: FileNode, x: Tensor) -> Tensor:
    """Return the result of the activation function that is fused into an operator."""
    function = node.attribute("FusedActivationFunction", 0)
    if function not in _FUSED:
        node.refuse("has a fused activation function that is neither ReLU, ReLU6 nor ReLU1")
    result: Tensor = _FUSED[function](x)
    return result


def leaky_relu(node: FileNode, x: Tensor) -> Tensor:
    """Multiply negative values by a number."""
    return F.leaky_relu(x, node.attribute("Alpha"))


def prelu(node: FileNode, x: Tensor, slope: Tensor) -> Tensor:
    """Multiply negative values by slopes, most often one for each channel, the last dimension."""
    if slope.numel() == 1 and slope.dim() <= x.dim():
        return F.prelu(x, slope.reshape(-1))
    if x.dim() > 1 and slope.dim() <= x.dim() and slope.numel() == slope.shape[-1] == x.shape[-1]:
        return F.prelu(x.movedim(-1, 1), slope.reshape(-1)).movedim(1, -1)
    return torch.where(x < 0, x * slope, x)


def gelu(node: FileNode, x: Tensor) -> Tensor:
    """Return x times the normal distribution, or its approximation by a tanh."""
    return F.gelu(x, approximate="tanh" if node.attribute("Approximate") else "none")


def softmax(node: FileNode, x: Tensor) -> Tensor:
    """Return a softmax along the last dimension."""
    beta = node.attribute("Beta")
    return F.softmax(x if beta == 1.0 else x * beta, -1)


def log_softmax(node: FileNode, x: Tensor) -> Tensor:
    """Return the logarithm of a softmax along the last dimension."""
    return F.log_softmax(x, -1)


def l2_normalization(node: FileNode, x: Tensor) -> Tensor:
    """Divide by the norm along the last dimension."""
    norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return activated(node, x / torch.clamp(norm, min=_SMALLEST_NORM))


OPERATORS: dict[str, Function] = {
    "ABS": _of_one(torch.abs),
    "CEIL": _of_one(torch.ceil),
    "COS": _of_one(torch.cos),
    "ELU": _of_one(F.elu),
    "EXP": _of_one(torch.exp),
    "FLOOR": _of_one(torch.floor),
    "GELU": gelu,
    "HARD_SWISH": _of_one(F.hardswish),
    "L2_NORMALIZATION": l2_normalization,
    "LEAKY_RELU": leaky_relu,
    "LOG": _of_one(torch.log),
    "LOGISTIC": _of_one(torch.sigmoid),
    "LOG_SOFTMAX": log_softmax,
    "NEG": _of_one(torch.neg),
    "PRELU": prelu,
    "RELU": _of_one(F.relu),
    "RELU6": _of_one(F.relu6),
    "RELU_0_TO_1": _of_one(lambda x: torch.clamp(x, 0.0, 1.0)),
    "RELU_N1_TO_1": _of_one(lambda x: torch.clamp(x, -1.0, 1.0)),
    "ROUND": _of_one(torch.round),
    "RSQRT": _of_one(torch.rsqrt),
    "SIGN": _of_one(torch.sign),
    "SIN": _of_one(torch.sin),
    "SOFTMAX": softmax,
    "SQRT": _of_one(torch.sqrt),
    "SQUARE": _of_one(torch.square),
    "TANH": _of_one(torch.tanh),
}
"""Operator of a file -> its function."""
