"""Execution of a graph, float or quantized, in PyTorch on the CPU or a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph, Node
from modelgen.threads import single_thread

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")
_BLOCK_BYTES = {"cpu": 8 << 20, "cuda": 1 << 30}
"""The largest activation tensor of the inputs that are run at a time. On the CPU it stays in the
cache: blocks of a thousand inputs take many times longer."""


def select_device(name: str) -> str:
    """Return "cpu" or "cuda"; "auto" selects the GPU if there is one."""
    import torch

    if name not in DEVICES:
        raise ModelError(f"Unknown device '{name}'. Valid choices: {', '.join(DEVICES)}.")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ModelError("Device 'cuda': PyTorch found no GPU. Use 'auto' or 'cpu'.")
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
    largest = max(tensor.bytes for tensor in graph.tensors.values())
    step = max(_BLOCK_BYTES[device] // largest, 1) * graph.batch
    blocks = []
    with torch.inference_mode(), single_thread():
        for start in range(0, len(source), step):
            block = torch.from_numpy(np.ascontiguousarray(source[start : start + step], np.float32))
            result = run_nodes(graph, constants, block.to(device))
            blocks.append(result.reshape(len(block), -1).cpu().numpy())
    return np.concatenate(blocks)[: len(values)]


def predictions(outputs: np.ndarray) -> np.ndarray:
    """Return the class of each row: the index of its largest output, or the output of an argmax."""
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
        result = node.operator.evaluate_float([tensors[name] for name in node.inputs], own)
        tensors[node.output] = result.reshape(-1, *graph.tensors[node.output].shape[1:])
    return tensors[graph.output]


def run_node(graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """Return the output of a single node, given its inputs."""
    import torch

    own = {role: torch.from_numpy(graph.constants[name]) for role, name in node.constants.items()}
    with torch.inference_mode():
        tensors = [torch.from_numpy(values) for values in inputs]
        result = node.operator.evaluate_float(tensors, own)
        return result.reshape(graph.tensors[node.output].shape).numpy()
