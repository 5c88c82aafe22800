"""Runs a graph, float or quantized, in PyTorch on the CPU or a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir import execute_float
from modelgen.ir.graph import Graph, Node

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")
_FLOAT_OPERATORS = frozenset({"conv2d", "linear", "dropout"})
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
            result = run_nodes(graph, constants, block.to(device))
            blocks.append(result.reshape(len(block), -1).cpu().numpy())
    return np.concatenate(blocks)[: len(values)]


def predictions(outputs: np.ndarray) -> np.ndarray:
    """Return the class of each row: where its largest output is, or its only one (of an argmax)."""
    return outputs[:, 0] if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose class is the label."""
    return float((predictions(outputs) == labels).mean())


def run_nodes(
    graph: Graph, constants: Mapping[str, torch.Tensor], values: torch.Tensor
) -> torch.Tensor:
    """Return the output of a graph for any number of inputs, as tensors.

    Args:
        graph: any stage of compilation.
        constants: the graph's, by name.
        values: FP32, shape (inputs, features...).
    """
    shape = graph.tensors[graph.input].shape
    tensors = {graph.input: values.reshape(-1, *shape[1:])}
    for node in graph.nodes:
        own = {role: constants[name] for role, name in node.constants.items()}
        result = _run(node, own, [tensors[name] for name in node.inputs])
        tensors[node.output] = result.reshape(-1, *graph.tensors[node.output].shape[1:])
    return tensors[graph.output]


def run_node(graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """Return what one node of a graph gives, for a batch of inputs of the node's own."""
    import torch

    own = {role: torch.from_numpy(graph.constants[name]) for role, name in node.constants.items()}
    with torch.inference_mode():
        result = _run(node, own, [torch.from_numpy(values) for values in inputs])
        return result.reshape(graph.tensors[node.output].shape).numpy()


def _run(
    node: Node, constants: dict[str, torch.Tensor], inputs: list[torch.Tensor]
) -> torch.Tensor:
    import torch

    if node.op in _FLOAT_OPERATORS:
        return execute_float.run(node, constants, inputs)
    if node.op == "reshape":
        return inputs[0]
    if node.op == "permute":
        return inputs[0].permute(node.attributes["axes"])
    if node.op == "softmax":
        return torch.softmax(inputs[0], dim=-1)
    if node.op == "argmax":
        return inputs[0].argmax(dim=-1).to(torch.float32)
    totals = _totals(node, constants, inputs[0])
    if "scale" in constants:
        totals = totals * constants["scale"] + constants["bias"]
    return execute_float.finish(node, totals, inputs[1:])


def _totals(node: Node, constants: dict[str, torch.Tensor], values: torch.Tensor) -> torch.Tensor:
    """Return the sums of a node before scale and bias."""
    from torch.nn import functional

    if node.op == "pointwise":
        return values
    if node.op in ("quantized_conv2d", "quantized_linear"):
        weight = constants["weight"].to(values.dtype)
        return execute_float.products(node, {"weight": weight}, values)
    largest = node.op == "max_pool2d"
    top, bottom, left, right = node.attributes["padding"]
    maps = functional.pad(
        values.permute(0, 3, 1, 2),
        (left, right, top, bottom),
        value=-float("inf") if largest else 0.0,
    )
    pool = functional.max_pool2d if largest else functional.avg_pool2d
    return pool(maps, node.attributes["kernel"], node.attributes["stride"]).permute(0, 2, 3, 1)
