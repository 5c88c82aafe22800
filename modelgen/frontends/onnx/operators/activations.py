"""Activations, and functions of one value."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Function
from modelgen.frontends.nodes.node import FileNode


def _of_one(function: Function) -> Function:
    """Return what computes a function without attributes."""
    return lambda node, x: function(x)


def _number(node: FileNode, name: str, default: float) -> float:
    """Return an attribute that is an FP32 number."""
    return float(np.float32(node.attribute(name, default)))


def clip(node: FileNode, x: Tensor, *bounds: Tensor | None) -> Tensor:
    """Limit values; either bound may be left out, or depend on the model's input."""
    if all(at in node.constants for at in (1, 2) if node.has(at)):
        low, high = (
            node.number(at, name) if node.has(at) else None for at, name in ((1, "min"), (2, "max"))
        )
        return x if low is None and high is None else torch.clamp(x, low, high)
    lowest, highest = (*bounds, None)[:2]
    x = x if lowest is None else torch.maximum(x, lowest)
    return x if highest is None else torch.minimum(x, highest)


def leaky_relu(node: FileNode, x: Tensor) -> Tensor:
    """Multiply negative values by alpha."""
    return F.leaky_relu(x, _number(node, "alpha", 0.01))


def prelu(node: FileNode, x: Tensor, slope: Tensor) -> Tensor:
    """Multiply negative values by slopes, which are broadcast to the values."""
    of_channels = x.dim() > 1 and slope.shape == (x.shape[1], *[1] * (x.dim() - 2))
    if slope.numel() == 1 or of_channels:
        return F.prelu(x, slope.reshape(-1))
    return torch.where(x < 0, x * slope, x)


def elu(node: FileNode, x: Tensor) -> Tensor:
    """Return alpha (exp(x) - 1) for negative values."""
    return F.elu(x, _number(node, "alpha", 1.0))


def selu(node: FileNode, x: Tensor) -> Tensor:
    """Return gamma times an ELU."""
    alpha = _number(node, "alpha", 1.67326319217681884765625)
    gamma = _number(node, "gamma", 1.05070102214813232421875)
    return torch.ops.aten.elu(x, alpha, gamma)


def celu(node: FileNode, x: Tensor) -> Tensor:
    """Return alpha (exp(x / alpha) - 1) for negative values."""
    return F.celu(x, _number(node, "alpha", 1.0))


def hard_sigmoid(node: FileNode, x: Tensor) -> Tensor:
    """Return alpha x + beta, limited to 0 .. 1."""
    alpha, beta = _number(node, "alpha", 0.2), _number(node, "beta", 0.5)
    if np.float32(alpha) == np.float32(1 / 6) and beta == 0.5:
        return F.hardsigmoid(x)
    return torch.clamp(x * alpha + beta, 0.0, 1.0)


def gelu(node: FileNode, x: Tensor) -> Tensor:
    """Return x times the normal distribution, or its approximation by a tanh."""
    return F.gelu(x, approximate=node.attribute("approximate", "none"))


def softplus(node: FileNode, x: Tensor) -> Tensor:
    """Return log(1 + exp(x))."""
    return F.softplus(x)


def softsign(node: FileNode, x: Tensor) -> Tensor:
    """Return x / (1 + |x|)."""
    return x / (torch.abs(x) + 1.0)


def swish(node: FileNode, x: Tensor) -> Tensor:
    """Return x times the sigmoid of alpha x."""
    alpha = _number(node, "alpha", 1.0)
    return F.silu(x) if alpha == 1.0 else x * torch.sigmoid(x * alpha)


def thresholded_relu(node: FileNode, x: Tensor) -> Tensor:
    """Return values above alpha, else 0."""
    return torch.where(x > _number(node, "alpha", 1.0), x, 0.0)


def softmax(node: FileNode, x: Tensor) -> Tensor:
    """Return a softmax along an axis."""
    return F.softmax(x, node.axis(node.attribute("axis", -1), x.dim()))


def log_softmax(node: FileNode, x: Tensor) -> Tensor:
    """Return the logarithm of a softmax along an axis."""
    return F.log_softmax(x, node.axis(node.attribute("axis", -1), x.dim()))


OPERATORS: dict[str, Function] = {
    "Abs": _of_one(torch.abs),
    "Ceil": _of_one(torch.ceil),
    "Celu": celu,
    "Clip": clip,
    "Cos": _of_one(torch.cos),
    "Elu": elu,
    "Erf": _of_one(torch.erf),
    "Exp": _of_one(torch.exp),
    "Floor": _of_one(torch.floor),
    "Gelu": gelu,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": _of_one(F.hardswish),
    "LeakyRelu": leaky_relu,
    "Log": _of_one(torch.log),
    "LogSoftmax": log_softmax,
    "Mish": _of_one(F.mish),
    "Neg": _of_one(torch.neg),
    "PRelu": prelu,
    "Reciprocal": _of_one(torch.reciprocal),
    "Relu": _of_one(F.relu),
    "Round": _of_one(torch.round),
    "Selu": selu,
    "Sigmoid": _of_one(torch.sigmoid),
    "Sign": _of_one(torch.sign),
    "Sin": _of_one(torch.sin),
    "Softmax": softmax,
    "Softplus": softplus,
    "Softsign": softsign,
    "Sqrt": _of_one(torch.sqrt),
    "Swish": swish,
    "Tanh": _of_one(torch.tanh),
    "ThresholdedRelu": thresholded_relu,
}
"""Operator type -> its function."""
