"""Emitted C++: golden files, formatting, sameness, and that it compiles and runs on the host."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flows import config
from flows.repository import ROOT
from flows.toolchain import firmware
from modelgen.cpp.formatting import format_cpp
from modelgen.emit import emit
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.operators import MaxPool2d
from modelgen.plan.compiler import compile_graph
from modelgen.plan.machine import execute
from tests.support import networks
from tests.support.graph_builder import GraphBuilder

GOLDEN = ROOT / "tests" / "golden"
TEXTS = ("model.hpp", "model.cpp", "main.cpp", "test_data.hpp", "model_data.S", "test_data.S")
CONSTANTS = ("weights.bin", "parameters.bin", "inputs.bin", "expected.bin")


def ramps(graph: Graph) -> Graph:
    """Replace constants by values that are the same with every version of NumPy."""
    for name, value in graph.constants.items():
        ramp = np.arange(value.size, dtype=np.float32) % 7 - 3
        scaled = ramp if value.dtype == np.int8 else (ramp + 4) / 64
        graph.constants[name] = scaled.reshape(value.shape).astype(value.dtype)
    return graph


def perceptron() -> Graph:
    """Two layers, softmax, a batch of two."""
    graph = GraphBuilder(2, 6)
    last = graph.linear(graph.linear("x", 5, low=0.0), 3)
    return ramps(graph.build(graph.softmax(last)))


def tiny() -> Graph:
    """One of everything that is emitted for a small convolutional network."""
    graph = GraphBuilder(1, 6, 6, 3)
    first = graph.conv("x", 8, low=0.0, high=6.0)
    second = graph.conv(first, 8, residual=first, slope=0.125)
    deep = graph.conv(second, 0, depthwise=True, stride=(2, 2), low=0.0)
    pooled = graph.pool(MaxPool2d, deep, (3, 3), (1, 1), (1, 1, 1, 1))
    return ramps(graph.build(graph.linear(graph.flatten(pooled), 4)))


def write(graph: Graph, folder: Path, hardware: Hardware) -> None:
    shape = graph.tensors[graph.inputs[0]].shape
    size = graph.tensors[graph.inputs[0]].size
    values = (np.arange(2 * size, dtype=np.float32) % 11 - 5).reshape(2, *shape) / 2
    program = compile_graph(graph, hardware)
    expected = np.stack([execute(program, batch) for batch in values])
    emit(program, values.reshape(2, -1), expected.reshape(2, -1), folder, "A tiny network.")


@pytest.mark.parametrize(("name", "make"), [("perceptron", perceptron), ("tiny", tiny)])
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
        write(networks.dscnn(), tmp_path / folder, Hardware())
    for file in (*TEXTS, *CONSTANTS):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_sources_are_clang_format_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arrays of descriptors as well, which are not formatted when they are written."""
    write(networks.resnet8(), tmp_path, Hardware(array_size=16))
    monkeypatch.setattr("modelgen.cpp.formatting._CHAINED", re.compile("(?!)"))
    for path in (*tmp_path.glob("*.cpp"), *tmp_path.glob("*.hpp")):
        text = path.read_text()
        assert format_cpp(text, path.name) == text
        assert max(len(line) for line in text.splitlines()) <= 100


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((word, f"_{word}") for word in ("unsigned", "volatile", "nullptr", "std", "result")),
        *(("Operator", "_operator"), ("start_1", "_start_1"), ("9", "_9"), ("_", "")),
        *(("a__b", "_a_b"), ("m\u00b2", "_m"), ("\u0130x", "_i_x"), ("\u00e4", "")),
    ],
)
def test_names_that_mean_something_in_cpp(tmp_path: Path, name: str, text: str) -> None:
    builder = GraphBuilder(1, 4)
    graph = builder.build(builder.linear("x", 3))
    graph = graph.with_nodes(replace(node, name=name) for node in graph.nodes)
    write(graph, tmp_path, Hardware())
    source = (tmp_path / "model.cpp").read_text()
    (own,) = re.findall(r"^engine::Descriptor (\w+)\[1\] = ", source, re.MULTILINE)
    assert own == f"layer0{text}"


def test_names_are_strings_of_cpp(tmp_path: Path) -> None:
    """A report reads them from there; `??/` would be a trigraph, a backslash."""
    builder = GraphBuilder(1, 4)
    graph = builder.build(builder.linear("x", 3))
    graph = graph.with_nodes(replace(node, name='a"???/%d') for node in graph.nodes)
    write(graph, tmp_path, Hardware())
    assert r'"a\"\?\?\?/%d", ' in (tmp_path / "model.cpp").read_text()


def test_many_descriptors_are_patched_by_a_table(tmp_path: Path) -> None:
    graph = GraphBuilder(64, 256)
    write(graph.build(graph.linear("x", 64)), tmp_path, Hardware(array_size=16))
    text = (tmp_path / "model.cpp").read_text()
    assert "for (const Patch& patch : input_loads)" in text
    assert text.count("engine::matmul(") > 4


def unread() -> Graph:
    """Windows that see nothing of their input but its padding; a small buffer gets only that."""
    graph = GraphBuilder(1, 36, 1, 1)
    return graph.build(graph.conv("x", 7, (2, 2), (3, 3), (0, 0, 2, 2)))


@pytest.mark.parametrize(("make", "buffer_words"), [(networks.cifar10, 65_536), (unread, 256)])
def test_sources_compile_on_the_host(
    make: Callable[[], Graph], buffer_words: int, tmp_path: Path
) -> None:
    """Syntax and types against the real run-time headers; running them is tested with the SoC."""
    write(make(), tmp_path, Hardware(array_size=8, buffer_words=buffer_words))
    firmware.write_headers(config.load(), tmp_path)
    for source in ("model.cpp", "main.cpp"):
        command = [
            os.environ.get("CXX", "g++"),
            "-std=c++17",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsyntax-only",
            f"-I{tmp_path}",
            f"-I{ROOT / 'sw' / 'include'}",
            str(tmp_path / source),
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
