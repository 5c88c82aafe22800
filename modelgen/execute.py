"""Runs a graph, float or quantized, in PyTorch on the CPU or a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.graph import Graph, Node

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")
_BLOCK = 4096
"""Inputs that are on the device at a time."""


def select_device(name: str) -> str:
    """Return "cpu" or "cuda"; "auto" takes the GPU if there is one."""
    import torch

    if name not in DEVICES:
        raise ModelError(f"Device '{name}' is unknown; use one of {', '.join(DEVICES)}.")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ModelError('Device "cuda": PyTorch finds no GPU here. Use "auto" or "cpu".')
    return "cuda" if available and name != "cpu" else "cpu"


def run_graph(graph: Graph, values: np.ndarray, device: str = "cpu") -> np.ndarray:
    """Return the outputs of a graph.

    Args:
        graph: any stage of compilation.
        values: FP32, shape (inputs, features...).
        device: "cpu" or "cuda".

    Returns:
        FP32, shape (inputs, outputs).
    """
    import torch

    padded = -len(values) % graph.batch
    source = np.concatenate([values, values[:1].repeat(padded, axis=0)]) if padded else values
    constants = {
        name: torch.from_numpy(np.ascontiguousarray(value)).to(device)
        for name, value in graph.constants.items()
    }
    step = max(_BLOCK // graph.batch, 1) * graph.batch
    blocks = []
    with torch.inference_mode():
        for start in range(0, len(source), step):
            block = torch.from_numpy(np.ascontiguousarray(source[start : start + step], np.float32))
            result = _run_block(graph, constants, block.to(device))
            blocks.append(result.reshape(len(block), -1).cpu().numpy())
    return np.concatenate(blocks)[: len(values)]


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose largest output is at the label."""
    return float((outputs.argmax(axis=1) == labels).mean())


def _run_block(
    graph: Graph, constants: dict[str, torch.Tensor], values: torch.Tensor
) -> torch.Tensor:
    tensors = {graph.input: values}
    for node in graph.nodes:
        weight = {role: constants[name] for role, name in node.constants.items()}
        columns = graph.tensors[node.output].columns
        tensors[node.output] = _run(node, weight, tensors[node.inputs[0]], columns)
    return tensors[graph.output]


def _run(
    node: Node, constants: dict[str, torch.Tensor], values: torch.Tensor, columns: int
) -> torch.Tensor:
    import torch

    if node.op == "linear":
        weight = constants["weight"]
        rows = values.reshape(-1, weight.shape[1])
        return _clamp(node, torch.nn.functional.linear(rows, weight, constants.get("bias")))
    if node.op == "quantized_linear":
        weight = constants["weight"].to(torch.float32)
        totals = values.reshape(-1, weight.shape[1]) @ weight.T
        return _clamp(node, totals * constants["scale"] + constants["bias"])
    if node.op == "relu":
        return torch.relu(values)
    if node.op == "softmax":
        return torch.softmax(values.reshape(-1, columns), dim=1)
    return values  # dropout and reshape move nothing


def _clamp(node: Node, values: torch.Tensor) -> torch.Tensor:
    low, high = node.attributes.get("clamp", (None, None))
    return values if low is None and high is None else values.clamp(low, high)
