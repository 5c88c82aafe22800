"""Poolings that the accumulators do not hold."""

from __future__ import annotations

from torch import nn

from modelgen.hardware import Hardware
from modelgen.passes.simplify import simplify
from modelgen.passes.split_max_pool import split_max_pool
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from tests.support.imported import check_same, maps, operators


def test_a_pooling_that_the_accumulators_do_not_hold_is_split_off() -> None:
    graph = quantize(simplify(maps(nn.Conv2d(3, 4, 2, 1, 1, bias=False), nn.MaxPool2d((4, 4)))))
    assert operators(split_max_pool(graph, 32)) == ["conv2d"]
    split = split_max_pool(graph, 16)
    assert operators(split) == ["conv2d", "max_pool2d"]
    check_same(graph, split)
    compile_graph(graph, Hardware(accumulator_depth=16))
