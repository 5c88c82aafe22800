"""Which operators on INT8 values the engine computes, and why it does not compute the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.arithmetic.integer.multiplier import Multiplier
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.operators import Fp32Add, Fp32Mean, IntegerMean, IntegerSoftmax
from modelgen.operators.window import Window
from modelgen.targets.systolic.integers import refusal
from tests.support.integer_graphs import HALVING, SAME, IntegerGraph

HARDWARE = Hardware(array_size=16)
FP32_SCALES = Quantization(0.031, 3), Quantization(0.047, -8), Quantization(0.083, 5)


def reason(graph: Graph, hardware: Hardware = HARDWARE) -> str | None:
    """Why the engine refuses the last node."""
    return refusal(graph, graph.nodes[-1], hardware)


def mean(axes: tuple[int, ...]) -> IntegerMean:
    return IntegerMean(axes, 3, Multiplier.of(1 / 16), -5)


def test_what_it_computes() -> None:
    built = IntegerGraph(1, 8, 8, 8)
    names = [
        built.conv("x", 12),
        built.conv("x", 8, depthwise=True),
        built.conv("x", 8, Window((5, 3), (2, 1), (2, 2, 1, 1), (2, 1)), depthwise=True),
        built.conv("x", 12, clamp=Clamp(-128, 20)),
        built.max_pool("x"),
        built.avg_pool("x", HALVING),
        built.sum("x", "x"),
        built.table("x"),
        built.add(mean((1, 2)), "x"),
        built.add(Fp32Add(*FP32_SCALES), "x", "x"),
        built.add(Fp32Mean((1, 2), *FP32_SCALES[1:]), "x"),
    ]
    names.append(built.linear(built.reshape("x", 1, 512), 10))
    for name in names:
        graph = built.build(name)
        node = graph.producer(name)
        assert node is not None and refusal(graph, node, HARDWARE) is None, name


@pytest.mark.parametrize(
    ("add", "shape", "why"),
    [
        (lambda g: g.conv("x", 8), (1, 6, 6, 6), "pixels of 6 values are no whole words"),
        (lambda g: g.conv("x", 6), (1, 6, 6, 8), "results have pixels of 6 values"),
        (
            lambda g: g.conv("x", 8, Window((3, 3), dilation=(1, 2)), depthwise=True),
            (1, 6, 6, 8),
            "neighbouring columns",
        ),
        (
            lambda g: g.conv("x", 8, Window((3, 3), dilation=(16, 1)), depthwise=True),
            (1, 40, 6, 8),
            "neighbouring columns",
        ),
        (lambda g: g.avg_pool("x", SAME), (1, 6, 6, 8), "different numbers of pixels"),
        (lambda g: g.add(mean((1,)), "x"), (1, 6, 6, 8), "other dimensions"),
        (lambda g: g.sum("x", g.conv("x", 8, Window((6, 6)))), (1, 6, 6, 8), "of one shape"),
        (lambda g: g.add(IntegerSoftmax(0.1), "x"), (1, 8), "does not support integer_softmax"),
    ],
)
def test_what_it_leaves_to_others(add, shape: tuple[int, ...], why: str) -> None:
    built = IntegerGraph(*shape)
    found = reason(built.build(add(built)))
    assert found is not None and why in found


def test_groups_between_one_and_all() -> None:
    built = IntegerGraph(1, 6, 6, 8)
    graph = built.build(built.conv("x", 8, depthwise=True))
    node = graph.nodes[0]
    grouped = replace(node, operator=replace(node.operator, groups=4))
    assert "one group" in (refusal(graph, grouped, HARDWARE) or "")


def test_weights_whose_sums_do_not_fit() -> None:
    built = IntegerGraph(1, 6, 6, 8)
    graph = built.build(built.conv("x", 8, Window((1, 1))))
    weight = graph.arrays(graph.nodes[0])["weight"]
    weight[3] = -127
    weight[2, 0, 0, :7] = -128
    weight[2, 0, 0, 7] = 8 * 127 - 7 * 128
    assert reason(graph) is None
    weight[2, 0, 0, 7] += 1
    assert "-128" in (reason(graph) or "")


def test_weights_with_a_zero_point() -> None:
    built = IntegerGraph(3, 8)
    graph = built.build(built.linear("x", 8))
    node = graph.nodes[0]
    shifted = replace(node, operator=replace(node.operator, weight_zero_point=3))
    assert refusal(graph, shifted, HARDWARE) == "its weights have a zero point"


def test_rules_without_a_form() -> None:
    """A factor of 4 or more has no multiplier of 26 bits with the shifts that there are."""
    built = IntegerGraph(3, 8)
    graph = built.build(built.linear("x", 8))
    role = graph.nodes[0].constants["shift"]
    graph.constants[role][2] = np.int32(4)
    assert "no form" in (reason(graph) or "")


def test_an_engine_without_int8() -> None:
    built = IntegerGraph(3, 8)
    graph = built.build(built.linear("x", 8))
    without = replace(HARDWARE, int8=False)
    assert reason(graph, without) == "the engine is configured without INT8"
