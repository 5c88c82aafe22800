"""The stage `quantize`: simplified graph, INT8 weights, a file for other tools, accuracy."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir import files as graph_files
from modelgen.ir.execute import accuracy, predictions, run_graph, select_device
from modelgen.ir.graph import Contract
from modelgen.ir.packing import pack_inputs
from modelgen.progress import Progress
from modelgen.quantize import portable
from modelgen.stages.contracts import equal_outputs
from modelgen.stages.files import PROJECT_FILE, TEST_FILE, Samples, read_description, read_test_data
from modelgen.stages.quantized import quantized_graph
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
    settings = description["settings"]
    data = read_test_data(export_dir)
    quantized = quantized_graph(graph_files.load(export_dir), settings, options)
    graph_files.save(quantized, out_dir)
    for name in (TEST_FILE, PROJECT_FILE):
        shutil.copyfile(export_dir / name, out_dir / name)
    if quantized.contract is Contract.FP32:
        portable.save(quantized, data.types, out_dir / portable.FILE_NAME)
        device = select_device(options.get("device") or settings["device"])
        rows = pack_inputs(quantized, data.inputs)
        outputs = run_graph(quantized, rows, device)[: len(data.outputs)]
    else:
        outputs = equal_outputs(quantized, data, description["runtime"], progress)
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
    }
    (out_dir / "accuracy.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


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
