"""Layers beside the original: as a table, and as an error that names the first that differs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.stages import explanation
from flows.stages.options import Options
from flows.terminal.progress import Terminal
from modelgen import stages
from tests.support.tflite_networks import write_network

LAYER = {"name": "a", "operator": "conv 3x3", "values": 4000, "differing": 3, "largest": 2.0}
FOUND = {
    "origin": "LiteRT",
    "contract": "tflite-reference",
    "rule": "must be equal",
    "inferences": 3,
    "first_that_differs": None,
    "layers": [
        {**LAYER, "sqnr": 41.25},
        {**LAYER, "name": "b", "differing": None, "largest": None, "sqnr": None},
    ],
}


def options(tmp_path: Path) -> Options:
    write_network(tmp_path / "net.tflite", 1)
    return Options.from_command_line(ROOT, "", model=str(tmp_path / "net.tflite"))


def shown(found: dict[str, Any]) -> str:
    stream = io.StringIO()
    explanation.show(found, Terminal(stream))
    return stream.getvalue()


def test_the_table() -> None:
    text = shown(FOUND)
    assert "41.2 dB" in text and "4,000" in text and "not in the original" in text
    assert "Compared with LiteRT, 3 inferences; values must be equal." in text
    assert "values differ by quantization." in shown({**FOUND, "rule": "differ by quantization"})
    assert "The first that differs is a." in shown({**FOUND, "first_that_differs": "a"})


def test_a_model_that_is_equal(tmp_path: Path) -> None:
    stream = io.StringIO()
    found = explanation.run(ROOT, options(tmp_path), Terminal(stream))["explanation"]
    assert found["first_that_differs"] is None and len(found["layers"]) > 3
    assert "LiteRT" in stream.getvalue()


def test_the_first_layer_that_differs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {**FOUND, "first_that_differs": "a"}
    monkeypatch.setattr(stages, "explain", lambda *_: wrong)
    with pytest.raises(HeepstorError, match="layer 'a' is the first that differs from LiteRT"):
        explanation.run(ROOT, options(tmp_path), Terminal(io.StringIO()))
