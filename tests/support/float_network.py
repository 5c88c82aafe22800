"""A quantized graph in FP64 with PyTorch: what the device's outputs must be close to."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d, Linear, MaxPool2d, Permute, Pointwise, Reshape, Softmax


def run_float(graph: Graph, values: np.ndarray) -> np.ndarray:
    """Return the outputs of one batch."""
    tensors = {graph.inputs[0]: torch.tensor(values, dtype=torch.float64)}
    for node in graph.nodes:
        result = _run(graph, node, [tensors[name] for name in node.inputs])
        tensors[node.output] = result.reshape(graph.tensors[node.output].shape)
    return tensors[graph.outputs[0]].numpy()


def _run(graph: Graph, node: Node, inputs: list[torch.Tensor]) -> torch.Tensor:
    operator = node.operator
    match operator:
        case Reshape():
            return inputs[0]
        case Permute():
            return inputs[0].permute(operator.axes)
        case Softmax():
            return torch.softmax(inputs[0], -1)
    result = _products(graph, node, inputs[0])
    scale, bias = _constant(graph, node, "scale"), _constant(graph, node, "bias")
    if scale is not None:
        result = result * scale + bias
    epilogue = operator.epilogue
    if epilogue.residual:
        result = result + inputs[1]
    result = torch.where(result < 0, result * epilogue.slope, result)
    if epilogue.low is not None or epilogue.high is not None:
        result = result.clamp(epilogue.low, epilogue.high)
    pool = epilogue.pool
    return result if pool == (1, 1) else _windows(functional.max_pool2d, result, pool, pool)


def _constant(graph: Graph, node: Node, role: str) -> torch.Tensor | None:
    value = graph.constant(node, role)
    return None if value is None else torch.tensor(value.astype(np.float64))


def _products(graph: Graph, node: Node, values: torch.Tensor) -> torch.Tensor:
    operator = node.operator
    weight = _constant(graph, node, "weight")
    match operator:
        case Linear():
            return values.reshape(-1, weight.shape[1]) @ weight.T
        case Pointwise():
            return values
    window = operator.window
    top, bottom, left, right = window.padding
    padding_value = -np.inf if isinstance(operator, MaxPool2d) else 0.0
    maps = functional.pad(
        values.permute(0, 3, 1, 2), (left, right, top, bottom), value=padding_value
    )
    if isinstance(operator, Conv2d):
        settings = window.stride, 0, window.dilation, operator.groups
        result = functional.conv2d(maps, weight.permute(0, 3, 1, 2), None, *settings)
        return result.permute(0, 2, 3, 1)
    if isinstance(operator, MaxPool2d):
        pooled = functional.max_pool2d(maps, window.kernel, window.stride, 0, window.dilation)
    else:
        pooled = functional.avg_pool2d(maps, window.kernel, window.stride)
    return pooled.permute(0, 2, 3, 1)


def _windows(
    function: object, values: torch.Tensor, kernel: tuple[int, int], stride: tuple[int, int]
) -> torch.Tensor:
    return function(values.permute(0, 3, 1, 2), kernel, stride).permute(0, 2, 3, 1)
