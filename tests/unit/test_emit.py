"""Emitted C++: golden files, formatting, sameness, and that it compiles and runs on the host."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from modelgen.compiler import compile_graph
from modelgen.emit import emit
from modelgen.emit.formatting import format_cpp
from modelgen.graph import Graph
from modelgen.hardware import Hardware
from modelgen.passes.quantize import quantize
from modelgen.quantization import simplify
from modelgen.reference.network import run_graph
from tests.unit.networks import perceptron

GOLDEN = Path(__file__).parent / "golden"
TEXTS = ("model.hpp", "model.cpp", "main.cpp", "test_data.hpp", "model_data.S", "test_data.S")
CONSTANTS = ("weights.bin", "parameters.bin", "inputs.bin", "expected.bin")


def tiny() -> Graph:
    """Three layers, softmax, a batch of two: one of everything that is emitted for a perceptron."""
    graph = perceptron(2, [6, 5, 3], softmax=True)
    for name, value in graph.constants.items():
        # Values that are the same on every machine and every version of NumPy.
        ramp = np.arange(value.size, dtype=np.float32) % 7 - 3
        graph.constants[name] = ramp.reshape(value.shape) / 4
    return graph


def split() -> Graph:
    """A ReLU in front, so that a CPU layer comes first, and an output that the engine stores."""
    graph = tiny()
    relu, linear = graph.nodes[1], graph.nodes[2]
    first = type(relu)("relu", "relu", ("x",), "relu")
    last = type(linear)("fc", "linear", ("relu",), "fc", {"weight": "w", "bias": "fc1.bias"})
    tensor = type(graph.tensors["x"])
    return Graph(
        "x",
        "fc",
        2,
        (first, last),
        {"x": graph.tensors["x"], "relu": tensor("relu", (2, 6)), "fc": tensor("fc", (2, 3))},
        {"w": np.eye(3, 6, dtype=np.float32), "fc1.bias": graph.constants["fc1.bias"]},
    )


def write(graph: Graph, folder: Path, hardware: Hardware) -> None:
    quantized = quantize(simplify(graph))
    size = graph.tensors[graph.input].size
    shape = (2 * graph.batch, size // graph.batch)
    values = (np.arange(2 * size, dtype=np.float32) % 11 - 5).reshape(shape) / 2
    expected = run_graph(quantized, values, hardware.array_size)
    program = compile_graph(quantized, hardware)
    emit(program, values.reshape(2, -1), expected.reshape(2, -1), folder, "A tiny network.")


@pytest.mark.parametrize(("name", "make"), [("tiny", tiny), ("split", split)])
def test_golden_files(name: str, make: type, tmp_path: Path) -> None:
    """Set HEEPSTOR_UPDATE_GOLDEN=1 to accept what is emitted now."""
    write(make(), tmp_path, Hardware(array_size=4))
    golden = GOLDEN / name
    if os.environ.get("HEEPSTOR_UPDATE_GOLDEN"):
        golden.mkdir(parents=True, exist_ok=True)
        for file in (*TEXTS, *CONSTANTS):
            (golden / file).write_bytes((tmp_path / file).read_bytes())
    for file in (*TEXTS, *CONSTANTS):
        assert (tmp_path / file).read_bytes() == (golden / file).read_bytes(), file


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(perceptron(3, [40, 17, 9], softmax=True), tmp_path / folder, Hardware())
    for file in (*TEXTS, *CONSTANTS):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_sources_are_clang_format_clean(tmp_path: Path) -> None:
    write(perceptron(30, [200, 90, 40], softmax=True), tmp_path, Hardware(array_size=16))
    for path in (*tmp_path.glob("*.cpp"), *tmp_path.glob("*.hpp")):
        text = path.read_text()
        assert format_cpp(text, path.name) == text
        assert max(len(line) for line in text.splitlines()) <= 100


def test_many_descriptors_are_patched_by_a_table(tmp_path: Path) -> None:
    write(perceptron(64, [256, 64], relu=[False]), tmp_path, Hardware(array_size=16))
    text = (tmp_path / "model.cpp").read_text()
    assert "for (const Patch& patch : input_of_descriptors)" in text
    assert text.count("engine::Matmul(") > 4


def test_sources_compile_on_the_host(tmp_path: Path) -> None:
    """Syntax and types against the real run-time headers; running them is tested with the SoC."""
    root = Path(__file__).resolve().parents[2]
    config = pytest.importorskip("flows.config")
    write(tiny(), tmp_path, Hardware(array_size=8))
    config.write_cpp_header(config.load(), tmp_path / "heepstor_config.hpp")
    for source in ("model.cpp", "main.cpp"):
        command = [
            os.environ.get("CXX", "g++"),
            "-std=c++17",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsyntax-only",
            f"-I{tmp_path}",
            f"-I{root / 'sw' / 'include'}",
            str(tmp_path / source),
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
