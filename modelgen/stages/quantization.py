"""The stage `quantize`: simpler graph, INT8 weights, a file for others, accuracy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.ir import files as graph_files
from modelgen.ir.execute import accuracy, predictions, run_graph, select_device
from modelgen.passes.append_softmax import append_softmax
from modelgen.passes.simplify import simplify
from modelgen.progress import Progress
from modelgen.quantize import portable
from modelgen.quantize.weights import quantize
from modelgen.stages.files import PROJECT_FILE, TEST_FILE, Samples, read_description, read_test_data


def run(export_dir: Path, out_dir: Path, options: Mapping[str, Any], progress: Progress) -> None:
    """Write the quantized graph and its accuracy; see `modelgen.stages.quantize`."""
    description = read_description(export_dir)
    settings = description["settings"]
    data = read_test_data(export_dir)
    simplified = simplify(graph_files.load(export_dir))
    if settings["softmax"]:
        simplified = append_softmax(simplified)
    scheme = options.get("quantization") or settings["quantization"]
    quantized = quantize(simplified, scheme, options.get("scale") or settings["scale"])
    graph_files.save(quantized, out_dir)
    portable.save(quantized, out_dir / portable.FILE_NAME)
    for name in (TEST_FILE, PROJECT_FILE):
        shutil.copyfile(export_dir / name, out_dir / name)
    device = select_device(options.get("device") or settings["device"])
    measured = _accuracies(data, run_graph(quantized, data.inputs, device))
    samples = len(data.inputs)
    document = {**measured, "samples": samples, "data": f"{description['data']} test set"}
    (out_dir / "accuracy.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _accuracies(data: Samples, quantized: np.ndarray) -> dict[str, float | None]:
    """Return the accuracy on the whole test set of the user's module and of the quantized graph.

    None where labels are unknown.
    """
    same = predictions(data.outputs) == predictions(quantized)

    def share(outputs: np.ndarray) -> float | None:
        return None if data.labels is None else accuracy(outputs, data.labels)

    return {
        "float": share(data.outputs),
        "quantized": share(quantized),
        "same_prediction": float(same.mean()),
    }
