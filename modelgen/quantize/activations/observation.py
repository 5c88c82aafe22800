"""All tensors of a graph for some inputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelgen.ir.graph import Graph
from modelgen.ir.packing import unpack_inputs
from modelgen.quantize.activations.simulation import each_inference
from modelgen.threads import single_thread

BLOCK = 32
"""Inferences that run at a time."""


def observe(graph: Graph, rows: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
    """Yield tensor -> values, FP32, shape (inferences, shape...), a block of inferences at a time.

    Args:
        graph: of float operators, with Quantize and Dequantize or without.
        rows: of inputs; see `modelgen.ir.packing`.
    """
    import torch

    constants = {
        name: torch.from_numpy(np.ascontiguousarray(value))
        for name, value in graph.constants.items()
    }
    run = each_inference(graph, constants)
    for start in range(0, len(rows), BLOCK):
        given = {
            name: torch.from_numpy(values)
            for name, values in stacked(graph, rows[start : start + BLOCK]).items()
        }
        with torch.inference_mode(), single_thread():
            found = run(given)
        yield {name: values.numpy() for name, values in found.items()}


def stacked(graph: Graph, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return input -> values of several inferences, FP32, shape (inferences, shape...)."""
    given = [unpack_inputs(graph, row) for row in np.asarray(rows, np.float32)]
    return {name: np.stack([each[name] for each in given]) for name in graph.inputs}


def outputs_of(graph: Graph, rows: np.ndarray) -> np.ndarray:
    """Return the outputs of inferences, one after another, FP32, shape (inferences, outputs)."""
    parts = []
    for tensors in observe(graph, rows):
        found = [tensors[name].reshape(len(tensors[name]), -1) for name in graph.outputs]
        parts.append(np.concatenate(found, axis=1))
    return np.concatenate(parts)
