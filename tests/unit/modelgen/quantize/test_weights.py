"""INT8 weights: range, error bound, and weights that are zero, huge, tiny or not numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from modelgen.errors import ModelError
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.passes.simplify import simplify
from modelgen.quantize.weights import LARGEST, SCHEMES, quantize, quantize_weight
from tests.support.networks import perceptron

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
shapes = st.tuples(st.integers(1, 5), st.integers(1, 7))


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.float32, shapes, elements=finite), st.sampled_from(SCHEMES))
def test_every_weight_is_within_half_a_step(weight: np.ndarray, scheme: str) -> None:
    quantized, scale = quantize_weight(weight, scheme)
    assert quantized.dtype == np.int8
    assert np.abs(quantized.astype(int)).max() <= LARGEST
    assert (scale > 0).all() and np.isfinite(scale).all()
    wide = scale.astype(np.float64)[:, None]
    error = np.abs(quantized * wide - weight.astype(np.float64))
    assert (error <= 0.5001 * wide).all()


def test_per_channel_uses_the_whole_range_of_each_channel() -> None:
    weight = np.array([[1.0, -0.5], [0.001, 0.0005], [0.0, 0.0]], np.float32)
    quantized, scale = quantize_weight(weight, "per_channel")
    assert quantized.tolist() == [[127, -64], [127, 64], [0, 0]]
    assert scale[2] == 1.0


def test_a_weight_in_the_middle_of_two_steps_becomes_the_even_one() -> None:
    """The scale is 1, so that the halves are exact."""
    weight = np.array([[127.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 125.5]], np.float32)
    quantized, scale = quantize_weight(weight, "per_channel")
    assert scale.tolist() == [1.0]
    assert quantized.tolist() == [[127, 0, 2, 2, 0, -2, -2, 126]]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_weights_beyond_the_scale_of_least_error_are_cut_alike_on_both_sides(sign: float) -> None:
    """One weight far from 20,000 others: it costs less to cut it than to widen all steps."""
    others = np.random.default_rng(0).standard_normal(20_000)
    weight = (sign * np.append(others.clip(-4.0, 4.0), 8.0))[None].astype(np.float32)
    quantized, scale = quantize_weight(weight, "per_channel", "mse")
    assert scale[0] * 127 < 7.9
    assert quantized[0, -1] == sign * 127
    assert np.abs(quantized.astype(int)).max() == 127


def test_per_tensor_has_one_scale() -> None:
    weight = np.array([[1.0, -0.5], [0.001, 0.0]], np.float32)
    quantized, scale = quantize_weight(weight, "per_tensor")
    assert scale[0] == scale[1] == np.float32(1 / 127)
    assert quantized.tolist() == [[127, -64], [0, 0]]


@pytest.mark.parametrize("largest", [3.0e38, 1.0e-38, 1.0e-42, 1.5e-45])
def test_huge_and_tiny_weights(largest: float) -> None:
    weight = np.array([[largest, -largest / 2]], np.float32)
    quantized, scale = quantize_weight(weight, "per_channel")
    assert np.isfinite(scale).all() and scale[0] > 0
    back = quantized[0].astype(np.float64) * float(scale[0])
    np.testing.assert_allclose(back, weight[0], atol=0.5001 * float(scale[0]))


def test_graph_keeps_its_shape() -> None:
    graph = quantize(perceptron(2, [5, 4, 3], softmax=True))
    operators = [node.operator.name for node in graph.nodes]
    assert operators == ["linear", "pointwise", "linear", "softmax"]
    node = graph.nodes[0]
    assert graph.constant(node, "weight").dtype == np.int8
    assert graph.constant(node, "scale").shape == graph.constant(node, "bias").shape == (4,)


def test_no_bias_becomes_zeros() -> None:
    graph = perceptron(1, [4, 2])
    bare = replace(graph.nodes[0], constants={"weight": "fc0.weight"})
    quantized = quantize(graph.with_nodes([bare]))
    assert not quantized.constant(quantized.nodes[0], "bias").any()


def shared(graph: Graph) -> Graph:
    """Let the second layer use the first one's weights."""
    first, second = graph.nodes
    return graph.with_nodes([first, replace(second, constants=first.constants)])


def test_shared_weights_stay_shared() -> None:
    graph = quantize(shared(perceptron(1, [4, 4, 4], relu=[False, False])))
    first, second = graph.nodes
    assert first.constants == second.constants
    assert len(graph.constants) == 3


@pytest.mark.parametrize("role", ["weight", "bias"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(role: str, value: float) -> None:
    graph = perceptron(1, [4, 3, 2])
    graph.constants[f"fc1.{role}"].flat[0] = value
    with pytest.raises(
        ModelError, match=r"'fc1' cannot be quantized: 1 of its \d+ (weights|biases)"
    ):
        quantize(graph)


def test_unknown_scheme() -> None:
    with pytest.raises(ModelError, match="per_channel, per_tensor"):
        quantize(perceptron(1, [4, 2]), "per_row")


def test_quantized_graph_is_near_the_float_one() -> None:
    graph = simplify(perceptron(4, [64, 32, 10], seed=3))
    values = np.random.default_rng(1).standard_normal((16, 64)).astype(np.float32)
    wanted, got = run_graph(graph, values), run_graph(quantize(graph), values)
    assert np.abs(got - wanted).max() < 0.02 * np.abs(wanted).max()
