"""A quantized graph in FP64 with PyTorch: what the device's outputs must be close to."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from modelgen.ir.graph import Graph, Node


def run_float(graph: Graph, values: np.ndarray) -> np.ndarray:
    """Return the outputs of one batch."""
    tensors = {graph.input: torch.tensor(values, dtype=torch.float64)}
    for node in graph.nodes:
        result = _run(graph, node, [tensors[name] for name in node.inputs])
        tensors[node.output] = result.reshape(graph.tensors[node.output].shape)
    return tensors[graph.output].numpy()


def _run(graph: Graph, node: Node, inputs: list[torch.Tensor]) -> torch.Tensor:
    if node.op == "reshape":
        return inputs[0]
    if node.op == "permute":
        return inputs[0].permute(node.attributes["axes"])
    if node.op == "softmax":
        return torch.softmax(inputs[0], -1)
    result = _products(graph, node, inputs[0])
    scale, bias = _constant(graph, node, "scale"), _constant(graph, node, "bias")
    if scale is not None:
        result = result * scale + bias
    if node.attributes.get("residual"):
        result = result + inputs[1]
    slope = node.attributes.get("slope", 1.0)
    result = torch.where(result < 0, result * slope, result)
    low, high = node.attributes.get("clamp") or (None, None)
    if low is not None or high is not None:
        result = result.clamp(low, high)
    pool = node.attributes.get("pool")
    return _windows(functional.max_pool2d, result, pool, pool) if pool else result


def _constant(graph: Graph, node: Node, role: str) -> torch.Tensor | None:
    value = graph.constant(node, role)
    return None if value is None else torch.tensor(value.astype(np.float64))


def _products(graph: Graph, node: Node, values: torch.Tensor) -> torch.Tensor:
    attributes = node.attributes
    weight = _constant(graph, node, "weight")
    if node.op == "quantized_linear":
        return values.reshape(-1, weight.shape[1]) @ weight.T
    if node.op == "pointwise":
        return values
    padding_value = -np.inf if node.op == "max_pool2d" else 0.0
    top, bottom, left, right = attributes["padding"]
    maps = functional.pad(
        values.permute(0, 3, 1, 2), (left, right, top, bottom), value=padding_value
    )
    if node.op == "quantized_conv2d":
        settings = attributes["stride"], 0, attributes["dilation"], attributes["groups"]
        result = functional.conv2d(maps, weight.permute(0, 3, 1, 2), None, *settings)
        return result.permute(0, 2, 3, 1)
    pool = functional.max_pool2d if node.op == "max_pool2d" else functional.avg_pool2d
    return pool(maps, attributes["kernel"], attributes["stride"]).permute(0, 2, 3, 1)


def _windows(
    function: object, values: torch.Tensor, kernel: list[int], stride: list[int]
) -> torch.Tensor:
    return function(values.permute(0, 3, 1, 2), kernel, stride).permute(0, 2, 3, 1)
