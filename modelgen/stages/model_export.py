"""The stage `export`: a project's graph and test data."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from modelgen.frontends.torch_export.import_check import check_import
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.frontends.torch_export.module_run import run_module
from modelgen.ir import files as graph_files
from modelgen.progress import Progress
from modelgen.stages.files import PROJECT_FILE, Samples, write_test_data
from modelgen.workload.data import Data
from modelgen.workload.outputs import check_outputs
from modelgen.workload.project import Project, load_project
from modelgen.workload.random_weights import random_model
from modelgen.workload.settings import with_batch
from modelgen.workload.training import trained_model


def run(
    project_dir: Path,
    out_dir: Path,
    data_dir: Path,
    progress: Progress,
    *,
    random_weights: bool,
    batch: int | None,
) -> None:
    """Load and export a project; see `modelgen.stages.export`."""
    project = load_project(project_dir)
    if batch is not None:
        project = replace(project, settings=with_batch(project.settings, batch))
    run_project(project, out_dir, data_dir, progress, random_weights=random_weights)


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
    if random_weights:
        model, origin = random_model(project), "random"
    else:
        model, origin = trained_model(project, data, data_dir / "checkpoints", progress)
    settings = project.settings
    outputs = run_module(model, data.test_inputs, settings.batch, progress)
    imported = import_with_origins(model, data.test_inputs.shape[1:], settings.batch)
    check_outputs(imported.graph, settings, data, classes=project.metric is None)
    rows = outputs.reshape(len(outputs), -1)
    check_import(imported, (data.test_inputs,), rows)
    graph_files.save(imported.graph, out_dir)
    write_test_data(out_dir, Samples((data.test_inputs,), rows, data.test_labels))
    description = _description(project, data, origin, outputs.shape[1:])
    _write_json(out_dir / PROJECT_FILE, description)


def _description(
    project: Project, data: Data, origin: str, shape: tuple[int, ...]
) -> dict[str, Any]:
    """Return what later stages need to know; `shape` is the shape of the module's output."""
    return {
        "name": project.name,
        "metric": None if project.metric is None else project.settings.metric,
        "output_shape": shape,
        "data": data.name,
        "note": data.note,
        "pixels": None if data.pixels is None else asdict(data.pixels),
        "weights": origin,
        "settings": asdict(project.settings),
    }


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
