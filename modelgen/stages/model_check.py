"""The stage `check`: whether a model can be built, what it needs, and what its layers cost.

Nothing is trained and nothing runs: costs and sizes do not depend on the weights' values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.arguments import arguments_of
from modelgen.frontends.torch_export.importer import (
    UnsupportedError,
    import_program,
    import_with_origins,
)
from modelgen.frontends.torch_export.program_file import read_program
from modelgen.hardware import RANGES, Hardware
from modelgen.ir.graph import Graph
from modelgen.passes.append_softmax import append_softmax
from modelgen.passes.simplify import simplify
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.plan.memory import code_estimate, data_bytes, test_bytes
from modelgen.plan.program import Program
from modelgen.quantize.weights import quantize
from modelgen.stages.files import CHECK_FILE
from modelgen.strict_json import finite
from modelgen.workload.checkpoint import load_checkpoint
from modelgen.workload.input_types import in_types_of_model
from modelgen.workload.outputs import check_outputs
from modelgen.workload.project import Project, load_project
from modelgen.workload.random_weights import random_model
from modelgen.workload.settings import Settings, with_batch
from modelgen.workload.training import seeded_model

if TYPE_CHECKING:
    import torch

_SHOWN = (
    *("name", "label", "place", "reason", "op", "shape", "macs", "weight_bytes"),
    *("limit_cycles", "predicted_cycles"),
)
"""What is said of a layer, of its entries in model.json."""


def run(
    project_dir: Path,
    out_dir: Path,
    data_dir: Path,
    hardware: Hardware,
    options: Mapping[str, Any],
) -> None:
    """Write check.json; see `modelgen.stages.check`."""
    project = load_project(project_dir)
    if options.get("batch"):
        project = replace(project, settings=with_batch(project.settings, options["batch"]))
    data = project.data(data_dir)
    model = _model(project, random_weights=options.get("random_weights", False))

    def make() -> Graph:
        settings = project.settings
        typed = in_types_of_model(data, lambda: model, settings.batch)
        arguments = arguments_of(typed.test_arrays)
        graph = import_with_origins(model, arguments, settings.batch).graph
        check_outputs(graph, settings, typed, classes=project.metric is None)
        return graph

    inputs = min(options.get("inputs") or project.settings.inputs, len(data.test_arrays[0]))
    document = _examine(project.name, make, hardware, options, project.settings, inputs)
    text = json.dumps(document, indent=2) + "\n"
    (out_dir / CHECK_FILE).write_text(text, encoding="utf-8")


def run_program(path: Path, hardware: Hardware, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what check.json has to say about a file of torch.export."""
    program, batch = read_program(path)
    settings = Settings(batch=batch)
    inputs = options.get("inputs") or settings.inputs
    imported = lambda: import_program(program, batch).graph  # noqa: E731
    return _examine(path.stem, imported, hardware, options, settings, inputs)


def _model(project: Project, *, random_weights: bool) -> torch.nn.Module:
    """Return the project's model without training it."""
    if random_weights:
        return random_model(project)
    model = seeded_model(project)
    if project.settings.checkpoint is not None:
        load_checkpoint(model, project.folder / project.settings.checkpoint)
    return model


def _examine(
    name: str,
    imported: Callable[[], Graph],
    hardware: Hardware,
    options: Mapping[str, Any],
    settings: Settings,
    inputs: int,
) -> dict[str, Any]:
    """Return the findings about a model: problems, layers, memory, cycles."""
    document: dict[str, Any] = {"name": name, "batch": settings.batch, "inputs": inputs}
    try:
        graph = simplify(imported())
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
        return {**document, **_nothing(problems)}
    if settings.softmax:
        graph = append_softmax(graph)
    scheme = options.get("quantization") or settings.quantization
    quantized = quantize(graph, scheme, options.get("scale") or settings.scale)
    problems, program = _compiled(quantized, hardware)
    if program is None:
        return {**document, **_nothing(problems)}
    inferences = -(-inputs // settings.batch)
    return {**document, "problems": problems, **_findings(program, hardware, inferences)}


def _nothing(problems: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the findings about a model that cannot be compiled."""
    return {"problems": problems, "layers": [], "memory": None, "total": None}


def _compiled(graph: Graph, hardware: Hardware) -> tuple[list[dict[str, Any]], Program | None]:
    """Compile for the hardware, or else for hardware whose buffer is large enough."""
    problems: list[dict[str, Any]] = []
    words = hardware.buffer_words
    while words in RANGES["buffer_words"]:
        try:
            return problems, compile_graph(graph, replace(hardware, buffer_words=words))
        except ModelError as error:
            problems = problems or [_problem(line) for line in str(error).splitlines()]
        words *= 2
    return problems, None


def _problem(message: str) -> dict[str, Any]:
    return {"message": message, "layer": None, "operators": [], "line": ""}


def _findings(program: Program, hardware: Hardware, inferences: int) -> dict[str, Any]:
    """Return layers, memory and totals of a compiled network."""
    described = describe(program)
    layers = [{key: layer[key] for key in _SHOWN} for layer in described["layers"]]
    parts = data_bytes(program, test_bytes(program.graph, inferences))
    parts["code"] = code_estimate(program)
    findings = {
        "layers": layers,
        "memory": {
            "parts": parts,
            "total": sum(parts.values()),
            "available": hardware.memory_bytes,
            "arena": program.arena.size,
            "arena_available": hardware.arena_bytes,
            "buffer_words": program.hardware.buffer_words,
            "buffer_words_available": hardware.buffer_words,
        },
        "total": {key: described[key] for key in ("macs", "limit_cycles", "predicted_cycles")}
        | {"unpredicted": [each["label"] for each in layers if each["predicted_cycles"] is None]},
    }
    return finite(findings)
