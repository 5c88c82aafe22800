"""Execution of a graph, float or quantized, in PyTorch on the CPU or a GPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.graph import Graph, Node
from modelgen.ir.packing import input_words, rows_of_samples
from modelgen.operators.integer.base import IntegerOperator
from modelgen.threads import single_thread

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")
_BLOCK_BYTES = {"cpu": 8 << 20, "cuda": 1 << 30}
"""The largest activation tensor of the inferences that are run at a time. On the CPU it stays in
the cache: blocks of a thousand inputs take many times longer."""


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
        values: FP32, the rows of any number of inferences; see `modelgen.ir.packing`.
        device: "cpu" or "cuda".

    Returns:
        FP32, shape (samples, outputs); an inference takes a batch of samples.
    """
    import torch

    constants = {
        name: torch.from_numpy(np.ascontiguousarray(value)).to(device)
        for name, value in graph.constants.items()
    }
    has_integers = any(isinstance(node.operator, IntegerOperator) for node in graph.nodes)
    run = _in_turn if has_integers else _each
    rows = np.ascontiguousarray(values, np.float32).reshape(-1, input_words(graph))
    largest = max(tensor.bytes for tensor in graph.tensors.values())
    step = max(_BLOCK_BYTES[device] // largest, 1)
    blocks = []
    with torch.inference_mode(), single_thread():
        for start in range(0, len(rows), step):
            block = torch.from_numpy(rows[start : start + step]).to(device)
            blocks.append(run(graph, constants, block).cpu().numpy())
    return rows_of_samples(graph, np.concatenate(blocks))


def _each(graph: Graph, constants: Mapping[str, torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
    """Return the rows of outputs for rows of inputs, all at once."""
    import torch

    run: Callable[[torch.Tensor], torch.Tensor] = torch.func.vmap(
        lambda row: run_nodes(graph, constants, row)
    )
    return run(rows)


def _in_turn(
    graph: Graph, constants: Mapping[str, torch.Tensor], rows: torch.Tensor
) -> torch.Tensor:
    """Return the same one by one: operators on integers are no work of PyTorch's."""
    import torch

    return torch.stack([run_nodes(graph, constants, row) for row in rows])


def predictions(outputs: np.ndarray) -> np.ndarray:
    """Return the class of each row: the index of its largest output, or the output of an argmax."""
    return outputs[:, 0] if outputs.shape[1] == 1 else outputs.argmax(axis=1)


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of rows whose class is the label."""
    return float((predictions(outputs) == labels).mean())


def run_nodes(
    graph: Graph, constants: Mapping[str, torch.Tensor], row: torch.Tensor
) -> torch.Tensor:
    """Return the row of outputs of one inference; see `modelgen.ir.packing`.

    Args:
        graph: any stage of compilation.
        constants: the graph's, by name.
        row: FP32, the row of inputs.
    """
    import torch

    shapes = [graph.tensors[name].shape for name in graph.inputs]
    parts = torch.split(row, [math.prod(shape) for shape in shapes])
    tensors = {name: constants[name] for name in graph.constant_tensors}
    for name, part, shape in zip(graph.inputs, parts, shapes, strict=True):
        tensors[name] = part.reshape(shape)
    for node in graph.nodes:
        own = {role: constants[name] for role, name in node.constants.items()}
        result = node.operator.evaluate_float([tensors[name] for name in node.inputs], own)
        tensors[node.output] = result.reshape(graph.tensors[node.output].shape)
    return torch.cat([tensors[name].reshape(-1) for name in graph.outputs])


def run_node(graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """Return the output of a single node, given its inputs."""
    import torch

    own = {role: torch.from_numpy(graph.constants[name]) for role, name in node.constants.items()}
    with torch.inference_mode():
        tensors = [torch.from_numpy(values) for values in inputs]
        result = node.operator.evaluate_float(tensors, own)
        return result.reshape(graph.tensors[node.output].shape).numpy()
