"""The stage `quantize`: simplified graph, INT8 or INT4, a file for other tools, accuracy."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir import files as graph_files
from modelgen.ir.execute import accuracy, predictions, run_graph, select_device
from modelgen.ir.graph import Contract, Graph
from modelgen.ir.numbers import has_own_integers, numbers_of, quantized_inputs
from modelgen.ir.packing import pack_inputs
from modelgen.progress import Progress
from modelgen.quantize import portable
from modelgen.stages.comparison import compare
from modelgen.stages.contracts import settled
from modelgen.stages.files import (
    PROJECT_FILE,
    Samples,
    read_description,
    read_test_data,
    write_test_data,
)
from modelgen.stages.precision import chosen_settings, contract_of
from modelgen.stages.quantized import (
    calibrated_graph,
    prepared_graph,
    quantized_graph,
)
from modelgen.stages.recipe import recipe_of
from modelgen.workload.project import load_project


def run(
    export_dir: Path,
    out_dir: Path,
    options: Mapping[str, Any],
    progress: Progress,
    project_dir: Path | None,
    data_dir: Path | None,
) -> None:
    """Write the quantized graph and its accuracy; see `modelgen.stages.quantize`."""
    description = read_description(export_dir)
    settings = chosen_settings(description["settings"], options)
    data = read_test_data(export_dir)
    contract = contract_of(description["file"], settings["activations"])
    quantized = quantized_graph(calibrated_graph(export_dir, settings), settings, contract)
    given = replace(data, inputs=quantized_inputs(quantized, data.inputs))
    if quantized.contract.is_of_runtime:
        quantized, outputs = settled(quantized, given, description["runtime"], progress)
    else:
        outputs = _outputs(quantized, given, settings["device"])
    graph_files.save(quantized, out_dir)
    write_test_data(out_dir, given)
    shutil.copyfile(export_dir / PROJECT_FILE, out_dir / PROJECT_FILE)
    if quantized.contract is Contract.FP32:
        # PyTorch has no operators on integers that compute the same.
        portable.save(quantized, data.types, out_dir / portable.FILE_NAME)
    if description["metric"] is not None:
        measured = _own_metric(description, data, outputs, project_dir, data_dir)
    elif len(quantized.outputs) > 1:
        measured = _NO_CLASSES
    else:
        measured = _accuracies(data, outputs)
    samples = len(data.outputs)
    document = {
        **measured,
        "samples": samples,
        "data": description["data"] if description["file"] else f"{description['data']} test set",
        "runtime": description["runtime"],
        "comparison": _comparison(export_dir, description, settings, data),
    }
    (out_dir / "accuracy.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _outputs(graph: Graph, samples: Samples, device: str) -> np.ndarray:
    """Return what a network returns for all samples, as numbers if its module returns numbers."""
    rows = pack_inputs(graph, samples.inputs)
    outputs = run_graph(graph, rows, select_device(device))[: len(samples.outputs)]
    return numbers_of(graph, outputs) if has_own_integers(graph, samples.outputs) else outputs


def _comparison(
    export_dir: Path, description: dict[str, Any], settings: dict[str, Any], data: Samples
) -> dict[str, Any] | None:
    """Return all precisions side by side, and each layer alone; None for FP32 activations."""
    if settings["activations"] != "int8":
        return None
    prepared, rows = prepared_graph(export_dir, settings)
    classes = description["metric"] is None and len(prepared.outputs) == 1
    return compare(prepared, rows, recipe_of(settings), data, classes=classes)


_NO_CLASSES = {"metric": None, "float": None, "quantized": None, "same_prediction": None}


def _own_metric(
    description: dict[str, Any],
    samples: Samples,
    quantized: np.ndarray,
    project_dir: Path | None,
    data_dir: Path | None,
) -> dict[str, Any]:
    """Return the project's own metric for the user's module and for the quantized graph.

    Raises:
        ModelError: its source is unknown, or it fails.
    """
    if project_dir is None or data_dir is None:
        raise ModelError(
            "The project's metric() was not found in the source of project.py. Define or import it "
            "by name at the top level of that file."
        )
    project = load_project(project_dir)
    data = project.data(data_dir).as_types(samples.types)
    shapes = description["output_shapes"]
    found = {
        "name": description["metric"],
        "float": project.measure(_shaped(samples.outputs, shapes), data),
        "quantized": project.measure(_shaped(quantized, shapes), data),
    }
    return {**_NO_CLASSES, "metric": found}


def _shaped(rows: np.ndarray, shapes: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Return each output in PyTorch's shape, given rows of all outputs of a sample."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    parts = np.split(rows, ends, axis=1)
    return [part.reshape(len(rows), *shape) for part, shape in zip(parts, shapes, strict=True)]


def _accuracies(data: Samples, quantized: np.ndarray) -> dict[str, Any]:
    """Return the accuracy of the user's module and of the quantized graph on the whole test set.

    Accuracies are None if the labels are unknown.
    """
    same = predictions(data.outputs) == predictions(quantized)

    def share(outputs: np.ndarray) -> float | None:
        return None if data.labels is None else accuracy(outputs, data.labels)

    return {
        "metric": None,
        "float": share(data.outputs),
        "quantized": share(quantized),
        "same_prediction": float(same.mean()),
    }
