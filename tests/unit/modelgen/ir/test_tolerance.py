"""How far the device may be from PyTorch: the bound as documented, and that it is tight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.ir.execute import run_graph
from modelgen.ir.execute_exact import run_graph as run_reference
from modelgen.ir.graph import Graph
from modelgen.ir.tolerance import output_tolerance, propagate
from modelgen.operators import AvgPool2d
from tests.support.graph_builder import GraphBuilder

SUM = 2.0**-20
"""Of the sum of the absolute products."""
ALIGNMENT = 2.0**-26
"""Of the largest activation, for each weight."""


def linear(words: int = 24, outputs: int = 5) -> tuple[Graph, np.ndarray, np.ndarray, np.ndarray]:
    """Return a layer and its weights, scales and biases in FP64."""
    builder = GraphBuilder(1, words)
    graph = builder.build(builder.linear("x", outputs))
    roles = ("weight", "scale", "bias")
    return graph, *(graph.constant(graph.nodes[0], r).astype(np.float64) for r in roles)


def inputs(words: int = 24) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((3, words)).astype(np.float32)


def test_the_bound_of_a_layer() -> None:
    graph, weight, scale, bias = linear()
    values = inputs()
    wide = np.abs(values.astype(np.float64))
    products = wide @ np.abs(weight).T
    aligned = wide.max(axis=1)[:, None] * np.abs(weight).sum(axis=1)
    wanted = (SUM * products + ALIGNMENT * aligned) * scale + SUM * np.abs(bias)
    np.testing.assert_allclose(output_tolerance(graph, values), wanted, rtol=1e-9)


def test_nothing_is_known_of_what_follows_from_an_unknown_value() -> None:
    graph, *_ = linear()
    graph.constants[graph.nodes[0].constants["weight"]][0, 0] = 0
    value, error = np.zeros((1, 24)), np.zeros((1, 24))
    error[0, 0] = np.inf
    _, bound = propagate(graph, graph.nodes[0], [(value, error)])
    assert np.isinf(bound).all()


def test_nothing_is_known_of_a_result_that_may_overflow() -> None:
    builder = GraphBuilder(1, 4)
    graph = builder.build(builder.pointwise("x", affine=True))
    graph.constants[graph.nodes[0].constants["scale"]][:] = 2.0
    values = np.array([[2e38, 1e38, np.inf, 1.0]])
    _, bound = propagate(graph, graph.nodes[0], [(values, np.zeros_like(values))])
    assert np.isinf(bound).tolist() == [[True, False, True, False]]


def test_an_infinity_that_is_only_moved_is_exact() -> None:
    builder = GraphBuilder(1, 2, 1, 2)
    graph = builder.build(builder.flatten("x"))
    values = np.array([np.inf, 1.0, -np.inf, 0.0]).reshape(1, 2, 1, 2)
    _, bound = propagate(graph, graph.nodes[0], [(values, np.zeros_like(values))])
    assert not bound.any()


def test_differences_of_a_layer_spread_to_the_next() -> None:
    """As if each were the worst: by the sizes of the next layer's weights and scales."""
    builder = GraphBuilder(1, 24)
    first = builder.linear("x", 7)
    graph = builder.build(builder.linear(first, 5))
    one, two = (graph.constant(node, "weight").astype(np.float64) for node in graph.nodes)
    scale, bias = (graph.constant(graph.nodes[0], r).astype(np.float64) for r in ("scale", "bias"))
    values = inputs()
    before = output_tolerance(builder.build(first), values)
    sums = np.abs((values.astype(np.float64) @ one.T) * scale + bias)
    aligned = sums.max(axis=1)[:, None] * np.abs(two).sum(axis=1)
    allowed = before @ np.abs(two).T + SUM * (sums @ np.abs(two).T) + ALIGNMENT * aligned
    scale, bias = (graph.constant(graph.nodes[1], r).astype(np.float64) for r in ("scale", "bias"))
    wanted = allowed * scale + SUM * np.abs(bias)
    np.testing.assert_allclose(output_tolerance(graph, values), wanted, rtol=1e-9)


def test_what_aligning_loses_is_allowed() -> None:
    """Small activations beside a large one lose their low bits, however small their sum is."""
    graph, weight, scale, _ = linear()
    weight = np.ones_like(weight, dtype=np.int8)
    weight[:, 0] = 0
    name = graph.nodes[0].constants["weight"]
    graph = replace(graph, constants={**graph.constants, name: weight})
    values = np.full((1, 24), 2.0**-27, np.float32)
    values[0, 0] = 1.0
    bias = graph.nodes[0].constants["bias"]
    graph.constants[bias] = np.zeros(5, np.float32)
    # Each of the 23 lies below half of what is kept: the slice with the large one loses 7 of them.
    lost = 7 * 2.0**-27 * scale
    allowed = output_tolerance(graph, values)[0]
    assert (allowed >= lost).all()
    assert (allowed <= 8 * lost).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_is_within_reach(seed: int) -> None:
    """Real differences are below it; what is wrong by a thousandth of the output's size is not."""
    builder = GraphBuilder(1, 12, 12, 3, seed=seed)
    last = builder.conv("x", 8, low=0.0)
    last = builder.conv(last, 8, residual=last, pool=(2, 2))
    graph = builder.build(builder.linear(builder.flatten(last), 10))
    values = np.random.default_rng(seed).standard_normal((2, 12, 12, 3)).astype(np.float32)
    allowed = output_tolerance(graph, values)
    wanted = run_graph(graph, values).reshape(allowed.shape)
    for index, value in enumerate(values):
        got = run_reference(graph, value[None], 8).reshape(-1)
        assert (np.abs(got - wanted[index]) <= allowed[index]).all()
    assert (allowed < 1e-3 * np.abs(wanted).max()).all()


@pytest.mark.parametrize("value", [0.3, 0.7, 1 / 3])
def test_the_average_of_a_large_map_of_equal_pixels(value: float) -> None:
    """All roundings may go in the same direction; what is wrong by a pixel is still seen."""
    builder = GraphBuilder(1, 62, 62, 1)
    graph = builder.build(builder.pool(AvgPool2d, "x", (62, 62), (62, 62)))
    values = np.full((1, 62, 62, 1), value, np.float32)
    allowed = output_tolerance(graph, values)
    got = run_reference(graph, values, 8).reshape(allowed.shape)
    assert (np.abs(got - run_graph(graph, values).reshape(allowed.shape)) <= allowed).all()
    assert (np.abs(got - value) <= allowed).all()
    assert (allowed < value / 62**2).all()
