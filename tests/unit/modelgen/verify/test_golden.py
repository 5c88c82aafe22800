"""Outputs are found in two ways, and one wrong bit is a bug of the compiler."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.plan.compiler import compile_graph
from modelgen.plan.machine import Machine, execute
from modelgen.plan.program import Program
from modelgen.verify.golden import check, golden_outputs
from tests.support.compiled import inferences_of, inputs_of, program_with_an_arena
from tests.support.graph_builder import GraphBuilder


def test_inferences_follow_one_another_in_the_same_memories(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machines = []

    class Counting(Machine):
        def __init__(self, program: Program) -> None:
            super().__init__(program)
            self.inferences = 0
            machines.append(self)

        def infer(self, values: np.ndarray) -> np.ndarray:
            self.inferences += 1
            return super().infer(values)

    monkeypatch.setattr("modelgen.verify.golden.Machine", Counting)
    program = program_with_an_arena()
    golden_outputs(program, inferences_of(program.graph))
    assert [machine.inferences for machine in machines] == [2]


def test_outputs_that_differ_are_a_bug_of_the_compiler() -> None:
    """One bit of one output is enough."""
    graph = GraphBuilder(1, 16)
    built = graph.build(graph.linear("x", 9))
    program = compile_graph(built, Hardware())
    values = inputs_of(built)
    outputs = execute(program, values)
    check(program, values, outputs)
    outputs.view(np.uint32).flat[4] ^= 1
    with pytest.raises(AssertionError, match="1 of 9 outputs"):
        check(program, values, outputs)
