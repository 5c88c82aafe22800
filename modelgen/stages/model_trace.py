"""The stage `trace`: the graph of a model that has not been trained, or why it cannot be one.

It is all that `check` needs of PyTorch: another check of the same model, such as one for other
hardware, does without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelgen.frontends.torch_export.arguments import arguments_of
from modelgen.frontends.torch_export.importer import (
    UnsupportedError,
    import_program,
    import_with_origins,
)
from modelgen.frontends.torch_export.program_file import read_program
from modelgen.ir.graph import Contract, Graph
from modelgen.passes.integers.fuse import fuse_integers
from modelgen.stages.precision import contract_of
from modelgen.stages.traced import Traced, write
from modelgen.workload.checkpoint import load_checkpoint
from modelgen.workload.input_types import in_types_of_model
from modelgen.workload.model_file import TFLITE, ModelFile
from modelgen.workload.names import ONNX, check_module
from modelgen.workload.outputs import check_outputs
from modelgen.workload.project import Project, load_project
from modelgen.workload.random_weights import random_model
from modelgen.workload.settings import Settings, with_batch
from modelgen.workload.training import seeded_model

if TYPE_CHECKING:
    import torch

    from modelgen.frontends.nodes.builder import Network


def run(project_dir: Path, out_dir: Path, data_dir: Path, options: Mapping[str, Any]) -> None:
    """Write trace.json and the graph; see `modelgen.stages.trace`."""
    project = load_project(project_dir, options.get("data"))
    file = project.model_file(data_dir)
    if file is not None:
        write(_of_model_file(project, file, data_dir, options), out_dir)
        return
    if options.get("batch"):
        project = replace(project, settings=with_batch(project.settings, options["batch"]))
    data = project.data(data_dir)
    model = _model(project, random_weights=options.get("random_weights", False))

    def imported() -> Graph:
        settings = project.settings
        typed = in_types_of_model(data, lambda: model, settings.batch)
        arguments = arguments_of(typed.test_arrays)
        found = import_with_origins(model, arguments, settings.batch).graph
        graph = fuse_integers(
            found, contract_of(project.module_file.path if project.module_file else None)
        )
        check_outputs(graph, settings, typed, classes=project.metric is None)
        return graph

    traced = _traced(project.name, project.settings, len(data.test_arrays[0]), imported)
    write(traced, out_dir)


def _of_model_file(
    project: Project, file: ModelFile, data_dir: Path, options: Mapping[str, Any]
) -> Traced:
    """Return the model in a project's file."""
    file.check_batch(options.get("batch"))
    settings = with_batch(project.settings, file.graph.batch)
    data = file.typed(project.data(data_dir))
    check_outputs(file.graph, settings, data, classes=project.metric is None)
    return _traced(project.name, settings, len(data.test_arrays[0]), lambda: file.graph)


def of_file(path: Path, batch: int | None = None) -> Traced:
    """Return the model in a file of torch.export, ONNX or TFLite, by the end of its name.

    Args:
        path: the file.
        batch: inputs that one inference takes, of an ONNX or TFLite model that leaves them open.

    Raises:
        ModelError: the file cannot be used.
    """
    if path.suffix == ONNX:
        return _of_onnx(path, batch)
    if path.suffix == TFLITE:
        return _of_tflite(path, batch)
    program, own = read_program(path)

    def imported() -> Graph:
        return fuse_integers(import_program(program, own).graph, Contract.EXACT)

    return _traced(path.stem, Settings(batch=own), None, imported)


def _of_onnx(path: Path, batch: int | None) -> Traced:
    # What only such models need is loaded for them alone.
    from modelgen.frontends.onnx.builder import build
    from modelgen.frontends.onnx.checks import batch_of
    from modelgen.frontends.onnx.reader import read_model

    model = read_model(path)
    chosen = batch_of(model, batch)
    return _of_network(path, chosen, lambda: build(model, chosen))


def _of_tflite(path: Path, batch: int | None) -> Traced:
    from modelgen.frontends.tflite.float_model import batch_of, build, is_float
    from modelgen.frontends.tflite.reader import read_model

    model = read_model(path)
    if is_float(model):
        chosen = batch_of(model, batch)
        return _of_network(path, chosen, lambda: build(model, chosen))
    file = ModelFile(path)
    file.check_batch(batch)
    return _traced(path.stem, Settings(batch=file.graph.batch), None, lambda: file.graph)


def _of_network(path: Path, batch: int, build: Callable[[], Network]) -> Traced:
    """Return a file's model whose network a function returns, unless it is not supported."""
    contract = contract_of(path.name)

    def imported() -> Graph:
        network = build()
        check_module(network.module)
        found = import_with_origins(network.module, network.arguments, batch).graph
        return fuse_integers(found, contract)

    return _traced(path.stem, Settings(batch=batch), None, imported)


def _model(project: Project, *, random_weights: bool) -> torch.nn.Module:
    """Return the project's model without training it."""
    if random_weights:
        return random_model(project)
    model = seeded_model(project)
    if project.settings.checkpoint is not None:
        load_checkpoint(model, project.folder / project.settings.checkpoint)
    return model


def _traced(
    name: str, settings: Settings, available: int | None, imported: Callable[[], Graph]
) -> Traced:
    """Return a model whose graph a function returns, unless it raises UnsupportedError."""
    graph = None
    problems: list[dict[str, Any]] = []
    try:
        graph = imported()
    except UnsupportedError as error:
        problems = [
            {
                "message": str(complaint),
                "layer": complaint.layer,
                "operators": list(complaint.operators),
                "line": complaint.line,
            }
            for complaint in error.complaints
        ]
    return Traced(name, asdict(settings), available, problems, graph)
