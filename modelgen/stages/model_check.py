"""The stage `check`: whether a model can be built, what it needs, and what its layers cost.

Nothing is trained and nothing runs: costs and sizes do not depend on the weights' values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelgen.errors import ModelError
from modelgen.hardware import RANGES, Hardware
from modelgen.ir.graph import Contract, Graph
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.plan.memory import code_estimate, data_bytes, test_bytes
from modelgen.plan.program import Program
from modelgen.stages.files import CHECK_FILE
from modelgen.stages.precision import check_float, chosen_settings
from modelgen.stages.quantized import quantized_graph, untrained_graph
from modelgen.stages.traced import Traced, read
from modelgen.strict_json import finite

_SHOWN = (
    *("name", "label", "place", "reason", "op", "shape", "macs", "weight_bytes"),
    *("limit_cycles", "predicted_cycles"),
)
"""What is said of a layer, of its entries in model.json."""


def run(trace_dir: Path, out_dir: Path, hardware: Hardware, options: Mapping[str, Any]) -> None:
    """Write check.json; see `modelgen.stages.check`."""
    document = examine(read(trace_dir), hardware, options)
    text = json.dumps(document, indent=2) + "\n"
    (out_dir / CHECK_FILE).write_text(text, encoding="utf-8")


def examine(traced: Traced, hardware: Hardware, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the findings about a model: problems, layers, memory, cycles."""
    settings, available = chosen_settings(traced.settings, options), traced.available
    inputs = options.get("inputs") or settings["inputs"]
    inputs = inputs if available is None else min(inputs, available)
    batch = settings["batch"]
    document = {"name": traced.name, "batch": batch, "inputs": inputs}
    if traced.graph is None:
        return {**document, **_nothing(traced.problems)}
    check_float(traced.graph, settings, traced.name)
    untrained = untrained_graph(traced.graph, settings)
    quantized = quantized_graph(untrained, settings, Contract.EXACT)
    problems, program = _compiled(quantized, hardware)
    if program is None:
        return {**document, **_nothing(problems)}
    inferences = -(-inputs // batch)
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
