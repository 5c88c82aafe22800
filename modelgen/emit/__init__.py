"""Writes a program as C++ sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modelgen.cpp.formatting import format_cpp
from modelgen.cpp.rendering import render
from modelgen.emit.context import element_types, model_context
from modelgen.plan.program import CONSTANTS, Program
from modelgen.targets.cpu import DATA

SECTIONS = ("weights", "parameters", CONSTANTS, DATA)
"""Sections of a program that model.cpp reads, each in a file of its own."""
_MOST_PRINTED = 256
"""Output values printed per inference; printing more would take longer than the inference."""
_TEMPLATES = Path(__file__).resolve().parent / "templates"


def emit(
    program: Program, inputs: np.ndarray, expected: np.ndarray, folder: Path, title: str
) -> None:
    """Write model.hpp, model.cpp, main.cpp, test_data.hpp and the constants they use.

    Args:
        program: the compiled network.
        inputs: (inferences, values of one inference).
        expected: (inferences, outputs of one inference): the golden outputs.
        folder: created if it does not exist.
        title: first line of the header comments.
    """
    emit_model(program, folder, title)
    graph = program.graph
    printed = expected.shape[1] <= _MOST_PRINTED
    single = len(graph.outputs) == 1
    context = {
        "inferences": len(inputs),
        "batch": graph.batch,
        **element_types(graph),
        "prints_outputs": printed,
        "prints_classes": printed and single and expected.shape[1] > graph.batch,
    }
    _write(folder, ("main.cpp", "test_data.hpp", "test_data.S"), context)
    _write_binary(folder, inputs=in_memory(inputs), expected=in_memory(expected))


def emit_model(program: Program, folder: Path, title: str, *, formatted: bool = True) -> None:
    """Write model.hpp, model.cpp and the constants they use.

    Args:
        program: the compiled network.
        folder: created if it does not exist.
        title: first line of the header comments.
        formatted: whether to run clang-format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    context = model_context(program, title)
    _write(folder, ("model.hpp", "model.cpp", "model_data.S"), context, formatted=formatted)
    _write_binary(folder, **{name: program.sections.get(name, b"") for name in SECTIONS})


def _write(
    folder: Path, names: tuple[str, ...], context: dict[str, Any], *, formatted: bool = True
) -> None:
    """Render the templates to source files."""
    for name in names:
        text = render(_TEMPLATES / f"{name}.j2", context)
        if formatted and not name.endswith(".S"):
            text = format_cpp(text, name)
        (folder / name).write_text(text, encoding="utf-8")


def _write_binary(folder: Path, **contents: bytes) -> None:
    for name, content in contents.items():
        (folder / f"{name}.bin").write_bytes(content)


def in_memory(values: np.ndarray) -> bytes:
    """Return values as the device has them in memory."""
    return np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
