"""The stage `export`: a project's graph and test data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.frontends.torch_export.arguments import arguments_of
from modelgen.frontends.torch_export.import_check import check_import
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.frontends.torch_export.integer_types import output_offsets
from modelgen.frontends.torch_export.module_run import run_module
from modelgen.ir import files as graph_files
from modelgen.ir.graph import ElementType
from modelgen.ir.packing import output_element
from modelgen.passes.integers.fuse import has_integers
from modelgen.progress import Progress
from modelgen.stages.aware import aware_graph
from modelgen.stages.contracts import check_near
from modelgen.stages.files import (
    AWARE_FOLDER,
    PROJECT_FILE,
    Samples,
    write_calibration,
    write_test_data,
)
from modelgen.stages.precision import check_float
from modelgen.workload.data import Data
from modelgen.workload.input_types import in_types_of_model
from modelgen.workload.model_file import ModelFile
from modelgen.workload.outputs import check_outputs
from modelgen.workload.project import Project, load_project
from modelgen.workload.random_weights import random_model
from modelgen.workload.settings import with_batch, with_precision
from modelgen.workload.training import seeded_model, trained_model


def run(
    project_dir: Path,
    out_dir: Path,
    data_dir: Path,
    progress: Progress,
    *,
    random_weights: bool,
    batch: int | None,
    data_file: Path | None = None,
    precision: Mapping[str, str] | None = None,
) -> None:
    """Load and export a project; see `modelgen.stages.export`."""
    project = load_project(project_dir, data_file)
    project = replace(project, settings=with_precision(project.settings, precision or {}))
    file = project.model_file(data_dir)
    if file is not None:
        file.check_batch(batch)
        _run_file(project, file, out_dir, data_dir, progress)
        return
    if batch is not None:
        project = replace(project, settings=with_batch(project.settings, batch))
    run_project(project, out_dir, data_dir, progress, random_weights=random_weights)


def _run_file(
    project: Project, file: ModelFile, out_dir: Path, data_dir: Path, progress: Progress
) -> None:
    """Write graph, test data and settings of a model in a file, and its runtime's outputs."""
    project = replace(project, settings=with_batch(project.settings, file.graph.batch))
    data = file.typed(project.data(data_dir))
    if data.note:
        progress.note(data.note)
    check_outputs(file.graph, project.settings, data, classes=project.metric is None)
    check_float(file.graph, asdict(project.settings), file.path.name)
    rows, runtime = file.run(data.test_arrays, progress)
    graph_files.save(file.graph, out_dir)
    write_test_data(out_dir, Samples(data.test_arrays, rows, data.test_labels))
    description = _description(project, data, "file", file.output_shapes())
    description |= {"runtime": runtime, "file": file.path.name}
    _write_json(out_dir / PROJECT_FILE, description)


def run_project(
    project: Project,
    out_dir: Path,
    data_dir: Path,
    progress: Progress,
    *,
    random_weights: bool = False,
) -> None:
    """Write graph, test data and settings of a loaded project."""
    data = project.data(data_dir)
    if data.note:
        progress.note(data.note)
    settings = project.settings
    data = in_types_of_model(data, lambda: seeded_model(project), settings.batch)
    if random_weights:
        model, origin = random_model(project), "random"
    else:
        model, origin = trained_model(project, data, data_dir / "checkpoints", progress)
    inputs = data.test_arrays
    outputs = run_module(model, inputs, settings.batch, progress)
    imported = import_with_origins(model, arguments_of(inputs), settings.batch)
    check_outputs(imported.graph, settings, data, classes=project.metric is None)
    element = output_element(imported.graph)
    if element is ElementType.INT8:
        offsets = output_offsets(imported.program)
        outputs = tuple(o - np.float32(less) for o, less in zip(outputs, offsets, strict=True))
    rows = np.concatenate([output.reshape(len(output), -1) for output in outputs], axis=1)
    check_import(imported, inputs, rows)
    runtime = None
    file = project.module_file
    if file is not None:
        wanted, runtime = file.run(inputs, settings.batch, progress)
        check_near(rows, wanted, runtime, has_integers=has_integers(imported.graph))
        rows, origin = wanted, "file"
    check_float(imported.graph, asdict(settings), project.name)
    graph_files.save(imported.graph, out_dir)
    write_test_data(out_dir, Samples(inputs, rows.astype(element.dtype), data.test_labels))
    if settings.activations == "int8":
        calibration = _calibration_inputs(data, settings.calibration_inputs)
        write_calibration(out_dir, calibration)
        if settings.qat is not None:
            aware = aware_graph(imported.graph, settings, data, calibration, progress)
            graph_files.save(aware, out_dir / AWARE_FOLDER)
    description = _description(project, data, origin, [output.shape[1:] for output in outputs])
    description |= {"runtime": runtime, "file": file and file.path.name}
    _write_json(out_dir / PROJECT_FILE, description)


def _calibration_inputs(data: Data, count: int) -> list[np.ndarray]:
    """Return some training inputs; test inputs if there are no others."""
    arrays = data.train_arrays or data.test_arrays
    chosen = np.random.default_rng(0).permutation(len(arrays[0]))[:count]
    return [array[chosen] for array in arrays]


def _description(
    project: Project, data: Data, origin: str, shapes: list[tuple[int, ...]]
) -> dict[str, Any]:
    """Return what later stages need to know; `shapes` are those of the module's outputs."""
    return {
        "name": project.name,
        "metric": None if project.metric is None else project.settings.metric,
        "output_shapes": shapes,
        "data": data.name,
        "note": data.note,
        "pixels": None if data.pixels is None else asdict(data.pixels),
        "weights": origin,
        "runtime": None,
        "file": None,
        "settings": asdict(project.settings),
    }


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
