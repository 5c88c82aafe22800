"""LiteRT: what it computes, and what is said where it cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import import_model
from modelgen.frontends.tflite.runtime import Reference
from tests.support.tflite_networks import NetworkWriter


def write(folder: Path) -> Path:
    net = NetworkWriter(0)
    x = net.tensor(1, 3)
    y = net.function("RELU", x)
    net.writer.write(folder / "net.tflite", [x], [net.function("HARD_SWISH", y)])
    return folder / "net.tflite"


def test_outputs_and_tensors_of_an_inference(tmp_path: Path) -> None:
    path = write(tmp_path)
    reference, imported = Reference(path), import_model(path)
    (output,) = reference.run([np.array([[-5, 0, 5]], np.int8)])
    first, last = imported.graph.nodes
    np.testing.assert_array_equal(output, reference.tensor(imported.indices[last.output]))
    middle = reference.tensor(imported.indices[first.output]).copy()
    kept = output.copy()
    reference.run([np.array([[100, 100, 100]], np.int8)])
    assert (reference.tensor(imported.indices[first.output]) != middle).any()
    np.testing.assert_array_equal(output, kept)


def test_inputs_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="LiteRT cannot run the model: "):
        Reference(write(tmp_path)).run([np.zeros((1, 4), np.int8)])


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "bad.tflite").write_bytes(b"\0\0\0\0TFL3" + bytes(20))
    with pytest.raises(ModelError, match="LiteRT cannot run the model: "):
        Reference(tmp_path / "bad.tflite")


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    for name in ("ai_edge_litert", "ai_edge_litert.interpreter"):
        monkeypatch.setitem(sys.modules, name, None)
    message = r"Running a \.tflite model needs .*'ai_edge_litert'.*pip install ai_edge_litert"
    with pytest.raises(ModelError, match=message):
        Reference(path)
