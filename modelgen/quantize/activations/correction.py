"""Bias correction: means of quantized layers' results become those of the float layers.

Rounded weights shift the results of a layer by the sum of their errors times the mean inputs. The
biases take that back, layer by layer, so that each one makes up for what is left of those before
it. Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction"
(2019), with means measured for calibration inputs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.ir.packing import unpack_inputs
from modelgen.quantize.activations.observation import observe
from modelgen.threads import single_thread


def correct_biases(graph: Graph, quantized: Graph, rows: np.ndarray) -> Graph:
    """Return a quantized graph with other biases.

    Args:
        graph: of float operators.
        quantized: the same graph with Quantize and Dequantize; its layers write the same tensors.
        rows: of calibration inputs; see `modelgen.ir.packing`.
    """
    wanted = _means(graph, rows)
    nodes, constants = list(quantized.nodes), dict(quantized.constants)
    tensors = [unpack_inputs(quantized, row) for row in rows]
    for values in tensors:
        values.update({name: constants[name] for name in quantized.constant_tensors})
    with single_thread():
        for at, node in enumerate(nodes):
            results = [_run(quantized, node, constants, values) for values in tensors]
            if "weight/integers" in node.constants:
                found = np.mean([_channel_means(result) for result in results], axis=0)
                shift = (wanted[node.output] - found).astype(np.float32)
                nodes[at] = _shifted(node, constants, shift)
                results = [result + shift for result in results]
            for values, result in zip(tensors, results, strict=True):
                values[node.output] = result
    return quantized.with_nodes(nodes, constants=constants)


def _means(graph: Graph, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the mean of each channel of what layers with weights write."""
    layers = [node.output for node in graph.nodes if "weight" in node.constants]
    sums = {name: np.zeros(graph.tensors[name].columns) for name in layers}
    for tensors in observe(graph, rows):
        for name in layers:
            sums[name] += len(tensors[name]) * _channel_means(tensors[name])
    return {name: total / len(rows) for name, total in sums.items()}


def _channel_means(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, values.shape[-1]).mean(axis=0, dtype=np.float64)


def _run(
    graph: Graph, node: Node, constants: dict[str, np.ndarray], values: dict[str, np.ndarray]
) -> np.ndarray:
    import torch

    own = {role: torch.from_numpy(constants[name]) for role, name in node.constants.items()}
    given = [torch.from_numpy(np.asarray(values[name], np.float32)) for name in node.inputs]
    with torch.inference_mode():
        result = node.operator.evaluate_float(given, own)
    return result.reshape(graph.tensors[node.output].shape).numpy()


def _shifted(node: Node, constants: dict[str, np.ndarray], shift: np.ndarray) -> Node:
    """Return a node with another bias."""
    name = f"{node.output}.corrected.bias"
    before = constants[node.constants["bias"]] if "bias" in node.constants else np.float32(0.0)
    constants[name] = (before + shift).astype(np.float32)
    return replace(node, constants={**node.constants, "bias": name})
