"""Which movements the engine does, and what is said of the others."""

from __future__ import annotations

import re

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Pad, Permute, Slice, Take
from modelgen.operators.movement import Movement
from modelgen.plan.compiler import compile_graph
from modelgen.plan.machine import execute
from modelgen.targets.systolic.copying import refusal
from modelgen.targets.systolic.jobs import EngineLayer
from tests.support.movements import patterns

HARDWARE = Hardware(array_size=8)


def test_long_copies_are_the_engine_s() -> None:
    assert refusal(Permute((0, 2, 1)), (1, 100, 32), HARDWARE) is None
    assert refusal(Take((1,), (tuple(np.repeat(range(20), 2)),)), (1, 20, 16), HARDWARE) is None
    assert refusal(Pad((0, 1, 0), (0, 1, 0)), (1, 50, 64), HARDWARE) is None


@pytest.mark.parametrize(
    ("operator", "shape", "reason"),
    [
        (Slice((0, 4), (1, 6), (1, 1)), (1, 50), "copies in about .* cycles; the engine would"),
        (Slice((0, 64), (50, 65), (1, -1)), (50, 65), "65 separate copies"),
        (Take((0,), (tuple((np.arange(200) ** 2 % 199).tolist()),)), (200, 9), "separate copies"),
    ],
    ids=["short", "reversed", "scattered"],
)
def test_others_are_the_cpu_s(operator: Movement, shape: tuple[int, ...], reason: str) -> None:
    said = refusal(operator, shape, HARDWARE)
    assert said is not None
    assert re.search(reason, said)


def test_many_jobs_are_not_worth_their_memory() -> None:
    """With few accumulators, a job copies few words."""
    few = Hardware(array_size=8, accumulator_depth=16)
    said = refusal(Permute((0, 2, 1)), (1, 100, 32), few)
    assert said is not None and "416 jobs" in said


def moving(operator: Movement, shape: tuple[int, ...]) -> Graph:
    """Return a graph that does nothing else."""
    tensors = {
        "x": Tensor("x", shape),
        "y": Tensor("y", tuple(operator.infer_shape([shape], {}))),
    }
    return Graph(("x",), ("y",), 1, (Node("y", operator, ("x",), "y"),), tensors, {})


@pytest.mark.parametrize("size", [4, 8, 16])
@pytest.mark.parametrize("words", [256, 65536])
def test_bits_stay(size: int, words: int) -> None:
    """All but those of NaNs, of which the engine has only one."""
    graph = moving(Permute((0, 2, 1)), (1, 91, 37))
    program = compile_graph(graph, Hardware(array_size=size, buffer_words=words))
    (layer,) = program.layers
    assert isinstance(layer, EngineLayer)
    values = patterns(1, 91, 37, seed=size)
    values[0, :4, 0] = -0.0, 0.0, -np.inf, np.float32(2.0**-149)
    wanted = np.where(np.isnan(values), np.float32(np.nan), values).transpose(0, 2, 1)
    got = execute(program, values.reshape(-1))
    np.testing.assert_array_equal(got.view(np.uint32), wanted.reshape(-1).view(np.uint32))
