"""Layer by layer: what a compiled model computes, beside what it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.frontends.tflite.runtime import Reference
from modelgen.ir.execute import run_node
from modelgen.ir.execute_exact import run_layers
from modelgen.ir.graph import Contract, Graph, Node
from modelgen.ir.numbers import quantized_inputs
from modelgen.ir.packing import pack_inputs, unpack_inputs
from modelgen.passes.integers.fuse import moved_quantization
from modelgen.stages.files import Samples, read_description, read_test_data
from modelgen.stages.precision import chosen_settings, contract_of
from modelgen.stages.quantized import (
    calibrated_graph,
    quantized_graph,
    simplified_graph,
)
from modelgen.strict_json import finite
from modelgen.workload.model_file import ModelFile
from modelgen.workload.onnx_file import OnnxFile
from modelgen.workload.project import Project, load_project

INFERENCES = 3
"""Inferences that are compared, unless there are fewer."""
_ARRAY_SIZE = 8
Tensors = Mapping[str, np.ndarray]
"""Name of a tensor -> its values."""


@dataclass(frozen=True)
class _Original:
    """What a compiled model is compared with."""

    name: str
    rule: str
    """What is said of the values: they "must be equal", or why not."""
    is_runtime: bool
    inferences: Sequence[Tensors]
    """The tensors of each."""


def run(
    project_dir: Path, export_dir: Path, data_dir: Path, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return how each layer compares; see `modelgen.stages.explain`."""
    description, data = read_description(export_dir), read_test_data(export_dir)
    settings = chosen_settings(description["settings"], options)
    calibrated = calibrated_graph(export_dir, settings)
    contract = contract_of(description["file"], settings["activations"])
    graph = quantized_graph(calibrated, settings, contract)
    rows = pack_inputs(graph, quantized_inputs(graph, data.inputs))[:INFERENCES]
    original = None
    if graph.contract.is_of_runtime:
        project = load_project(project_dir)
        original = _in_runtime(project, data_dir, description["runtime"], data, len(rows))
    original = original or _in_fp32(calibrated, graph, settings, data)
    found = [run_layers(graph, unpack_inputs(graph, row), _ARRAY_SIZE) for row in rows]
    layers = [
        _compared(node, [each[node.output] for each in found], original.inferences)
        for node in graph.nodes
        if node.operator.takes_time
    ]
    differing = (layer["name"] for layer in layers if original.is_runtime and layer["differing"])
    return finite(
        {
            "origin": original.name,
            "contract": graph.contract.value,
            "rule": original.rule,
            "inferences": len(rows),
            "first_that_differs": next(differing, None),
            "layers": layers,
        }
    )


def _in_fp32(
    calibrated: Graph, graph: Graph, settings: Mapping[str, Any], data: Samples
) -> _Original:
    """Return the network before quantization; where it has integers, it rounds to them."""
    has_integers = graph.contract is not Contract.FP32
    original = (
        moved_quantization(calibrated) if has_integers else simplified_graph(calibrated, settings)
    )
    rows = pack_inputs(original, data.inputs)[:INFERENCES]
    tensors = [_in_float(original, row) for row in rows]
    return _Original(
        "the network in FP32, in PyTorch",
        "differ by quantization",
        is_runtime=False,
        inferences=tensors,
    )


def _in_float(graph: Graph, row: np.ndarray) -> Tensors:
    """Return all tensors of an inference of a graph whose weights are not quantized."""
    tensors = {name: graph.constants[name] for name in graph.constant_tensors}
    tensors |= unpack_inputs(graph, row)
    for node in graph.nodes:
        tensors[node.output] = run_node(graph, node, [tensors[name] for name in node.inputs])
    return tensors


def _in_runtime(
    project: Project, data_dir: Path, name: str, data: Samples, inferences: int
) -> _Original | None:
    """Return what the runtime of a file computes; None if its tensors cannot be read."""
    file, onnx = project.model_file(data_dir), project.module_file
    if file is not None:
        rows = pack_inputs(file.graph, data.inputs)[:inferences]
        tensors = [_in_litert(file, unpack_inputs(file.graph, row)) for row in rows]
        return _Original(name, "must be equal", is_runtime=True, inferences=tensors)
    assert isinstance(onnx, OnnxFile)
    batch = project.settings.batch
    tensors = [onnx.tensors(data.inputs, batch * number, batch) for number in range(inferences)]
    rule = "are equal, but for layers that it computes in FP32"
    return _Original(name, rule, is_runtime=True, inferences=tensors) if all(tensors) else None


def _in_litert(file: ModelFile, inputs: Tensors) -> Tensors:
    """Return the tensors of an inference that the file has, as its runtime computes them."""
    reference = Reference(file.path)
    reference.run([inputs[name] for name in file.graph.inputs])
    return {name: reference.tensor(index) for name, index in file.imported.indices.items()}


def _compared(node: Node, found: Sequence[np.ndarray], wanted: Sequence[Tensors]) -> dict[str, Any]:
    """Return how a layer's results compare; None where the original has no such tensor.

    Args:
        node: the layer.
        found: its results in each inference.
        wanted: tensors of the original.
    """
    layer = {
        "name": node.name,
        "operator": node.operator.describe(),
        "values": sum(values.size for values in found),
    }
    if node.output not in wanted[0] or wanted[0][node.output].size != found[0].size:
        return {**layer, "differing": None, "largest": None, "sqnr": None}
    pairs = [
        (mine.astype(np.float64), _in_order(theirs[node.output], mine).astype(np.float64))
        for mine, theirs in zip(found, wanted, strict=True)
    ]
    errors = [np.abs(mine - theirs) for mine, theirs in pairs]
    noise = sum(float((error**2).sum()) for error in errors)
    signal = sum(float((theirs**2).sum()) for _, theirs in pairs)
    return {
        **layer,
        "differing": sum(int((error > 0).sum()) for error in errors),
        "largest": max(float(error.max()) for error in errors),
        "sqnr": 10.0 * float(np.log10(signal / noise)) if noise and signal else None,
    }


def _in_order(theirs: np.ndarray, mine: np.ndarray) -> np.ndarray:
    """Return values in our order: as they are, or with the channels last, which are the second
    dimension in ONNX; as more of them are equal in the right one, that is chosen."""
    orders = [theirs.reshape(mine.shape)]
    if theirs.ndim > 2:
        orders.append(np.moveaxis(theirs, 1, -1).reshape(mine.shape))
    return max(orders, key=lambda values: int((values == mine).sum()))
