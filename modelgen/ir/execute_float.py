"""Operators in PyTorch that only the float graph has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from modelgen.ir.graph import Node

if TYPE_CHECKING:
    import torch


def run(
    node: Node, constants: Mapping[str, torch.Tensor], inputs: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Return the output of a node of the float graph.

    Args:
        node: see `modelgen.ir.graph.Node`.
        constants: by their roles.
        inputs: FP32; feature maps are (batch, rows, columns, channels).
    """
    if node.op == "dropout":
        return inputs[0]
    return finish(node, products(node, constants, inputs[0]), inputs[1:])


def products(
    node: Node, constants: Mapping[str, torch.Tensor], values: torch.Tensor
) -> torch.Tensor:
    """Return the products of a convolution or linear layer, and its bias if it has one."""
    import torch

    weight, bias = constants["weight"], constants.get("bias")
    if node.op in ("linear", "quantized_linear"):
        return torch.nn.functional.linear(values.reshape(-1, weight.shape[1]), weight, bias)
    attributes = node.attributes
    top, bottom, left, right = attributes["padding"]
    maps = torch.nn.functional.pad(values.permute(0, 3, 1, 2), (left, right, top, bottom))
    settings = attributes["stride"], 0, attributes["dilation"], attributes["groups"]
    result = torch.nn.functional.conv2d(maps, weight.permute(0, 3, 1, 2), bias, *settings)
    return result.permute(0, 2, 3, 1)


def finish(node: Node, values: torch.Tensor, residual: Sequence[torch.Tensor]) -> torch.Tensor:
    """Apply what is fused into a node."""
    import torch

    attributes = node.attributes
    if attributes.get("residual") and residual:
        values = values + residual[0].reshape(values.shape)
    slope = attributes.get("slope", 1.0)
    if slope != 1.0:
        values = torch.where(values < 0, values * slope, values)
    low, high = attributes.get("clamp") or (None, None)
    if low is not None or high is not None:
        values = values.clamp(low, high)
    pool = attributes.get("pool")
    if pool:
        maps = torch.nn.functional.max_pool2d(values.permute(0, 3, 1, 2), pool, pool)
        values = maps.permute(0, 2, 3, 1)
    return values
