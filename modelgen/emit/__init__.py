"""Writes a program as C++ sources."""

from __future__ import annotations

from pathlib import Path

import jinja2
import numpy as np

from modelgen.emit.context import model_context
from modelgen.emit.formatting import format_cpp
from modelgen.program import Program

_MOST_PRINTED = 256
"""Values of an inference's output that are printed; more would take longer than the inference."""
_TEMPLATES = Path(__file__).resolve().parent / "templates"


def emit(
    program: Program, inputs: np.ndarray, expected: np.ndarray, folder: Path, title: str
) -> None:
    """Write model.hpp, model.cpp, main.cpp, test_data.hpp and the constants that they use.

    Args:
        program: the compiled network.
        inputs: FP32, (inferences, values of one inference).
        expected: FP32, (inferences, outputs of one inference): what the device must give.
        folder: is made if it does not exist.
        title: first line of the sources' comments.
    """
    folder.mkdir(parents=True, exist_ok=True)
    printed = expected.shape[1] <= _MOST_PRINTED
    context = {
        **model_context(program, title),
        "inferences": len(inputs),
        "prints_outputs": printed,
        "prints_classes": printed and expected.shape[1] > program.graph.batch,
    }
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in ("model.hpp", "model.cpp", "main.cpp", "test_data.hpp"):
        text = environment.get_template(f"{name}.j2").render(context)
        (folder / name).write_text(format_cpp(text, name), encoding="utf-8")
    for name in ("model_data.S", "test_data.S"):
        text = environment.get_template(f"{name}.j2").render(context)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "weights.bin").write_bytes(program.weights)
    (folder / "parameters.bin").write_bytes(program.parameters)
    (folder / "inputs.bin").write_bytes(np.ascontiguousarray(inputs, "<f4").tobytes())
    (folder / "expected.bin").write_bytes(np.ascontiguousarray(expected, "<f4").tobytes())
