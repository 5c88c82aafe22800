"""What programs need of main memory, before anything is compiled for the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flows import config
from flows.toolchain import firmware
from modelgen.emit import emit
from modelgen.errors import ModelError
from modelgen.hardware import Hardware
from modelgen.ir.packing import input_words, output_words
from modelgen.plan.compiler import compile_graph
from modelgen.plan.memory import check_memory, code_estimate, data_bytes, test_bytes
from modelgen.plan.program import Program
from tests.support import networks
from tests.support.graph_builder import GraphBuilder

test_bytes.__test__ = False


def program(**sizes: int) -> Program:
    graph = GraphBuilder(1, 8)
    return compile_graph(graph.build(graph.softmax(graph.linear("x", 64))), Hardware(**sizes))


def test_parts() -> None:
    parts = data_bytes(program(), 100)
    assert parts["weights"] == 8 * 64
    assert parts["arena"] == 256 and parts["stack"] == 8192
    assert parts["test inputs and outputs"] == 100
    assert data_bytes(program(arena_bytes=1024), 0)["arena"] == 1024
    assert data_bytes(program(arena_bytes=100), 0)["arena"] == 256
    assert test_bytes(program().graph, 3) == 3 * 4 * (8 + 64)


def test_an_arena_that_is_too_small() -> None:
    check_memory(program(arena_bytes=256), 0)
    message = r"need 256 bytes, 156 more than the 100 .*arena_kib to at least 1 "
    with pytest.raises(ModelError, match=message):
        check_memory(program(arena_bytes=100), 0)


def test_memory_that_is_too_small() -> None:
    needed = sum(data_bytes(program(), 100).values())
    check_memory(program(memory_bytes=needed), 100)
    with pytest.raises(ModelError, match=r"1 bytes are missing.*memory\.bank_kib"):
        check_memory(program(memory_bytes=needed), 101)


@pytest.mark.parametrize("make", [program, lambda: compile_graph(networks.dscnn(), Hardware())])
def test_the_estimate_of_code(make: type, tmp_path: Path) -> None:
    """It is as good as what is there to link with the same program."""
    made = make()
    inputs, outputs = (
        np.zeros((1, words(made.graph)), np.float32) for words in (input_words, output_words)
    )
    emit(made, inputs, outputs, tmp_path / "src", "a title")
    size = firmware.build(tmp_path / "src", tmp_path / "out", config.load()).size
    tests = test_bytes(made.graph, 1)
    actual = size["code"] + size["data"] - tests - len(made.sections["descriptors"])
    assert code_estimate(made) == pytest.approx(actual, rel=0.15)
