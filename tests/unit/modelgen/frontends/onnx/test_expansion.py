"""Operators that ONNX defines by others."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from modelgen.frontends.onnx.expansion import branch_of, expanded, is_function
from tests.support.onnx_models import compare, imported, model, one, random

node = onnx.helper.make_node
X = random(2, 3, 4, 5)


def test_which_operators_are_functions() -> None:
    assert is_function(node("Shrink", ["x"], ["y"]), 17)
    assert is_function(node("Attention", ["q", "k", "v"], ["y"]), 23)
    assert not is_function(node("Attention", ["q", "k", "v"], ["y"]), 22)
    assert not is_function(node("Det", ["x"], ["y"]), 17)
    assert not is_function(node("Shrink", ["x"], ["y"], domain="com.other"), 17)
    assert not is_function(node("Unheard", ["x"], ["y"]), 17)


def test_parts_have_names_that_begin_with_the_nodes() -> None:
    given = node("MeanVarianceNormalization", ["x"], ["y"])
    parts = expanded(given, "norm", {"": 17}, {"x": X})
    assert {name for _, name in parts} >= {"norm/ReduceMean", "norm/Div"}
    inside = {each for part, _ in parts for each in (*part.input, *part.output)} - {"x", "y"}
    assert inside and all(each.startswith("norm/") for each in inside)


@pytest.mark.parametrize("count", [1, 2])
def test_mean_and_variance(count: int) -> None:
    names = ["x", *"abc"[: count - 1], "y"]
    nodes = [
        node("MeanVarianceNormalization", [source], [result], axes=[2, 3])
        for source, result in pairwise(names)
    ]
    compare(model(nodes, {"x": X}), {"x": X}, tolerance=1e-5)
    imported(model(nodes, {"x": X}), {"x": X})


def test_attributes_that_are_left_out_have_their_defaults() -> None:
    compare(one("MeanVarianceNormalization", {"x": X}), {"x": X}, tolerance=1e-5)
    compare(one("Shrink", {"x": X}, opset=18), {"x": X}, exact=True)


def test_definitions_that_need_inputs_that_are_left_out() -> None:
    inputs = {name: random(2, 3, 4, 8) for name in ("q", "k", "v", "past_key", "past_value")}
    names = ["q", "k", "v", "", "past_key", "past_value"]
    with pytest.raises(ModelError, match=r"Layer 'node' \(Attention\) is not supported"):
        build(one("Attention", inputs, order=names, opset=23))


def test_attention() -> None:
    given = {name: random(2, 3, 4, 8, seed=at) for at, name in enumerate("qkv")}
    compare(one("Attention", given, opset=23), given)
    compare(one("Attention", given, opset=23, scale=0.1), given)
    imported(one("Attention", given, opset=23), given)


def test_a_function_of_conditions() -> None:
    compare(one("Shrink", {"x": X}, opset=18, lambd=0.1, bias=0.05), {"x": X})


def test_the_branch_that_is_taken() -> None:
    helper = onnx.helper
    inner = helper.make_graph([node("Relu", ["a"], ["b"])], "inner", [], [])
    parts = [node("Neg", ["x"], ["a"]), node("If", ["c"], ["o"], then_branch=inner)]
    outputs = [helper.make_empty_tensor_value_info(name) for name in ("o", "x")]
    graph = helper.make_graph(parts, "graph", [], outputs)
    given = node("If", ["c"], ["y", "z"], else_branch=graph)
    found = branch_of(given, "n", condition=False)
    assert [name for _, name in found] == ["n/Neg", "n/If", "n/Identity", "n/Identity"]
    assert [list(part.input) for part, _ in found] == [["x"], ["c"], ["n/o"], ["x"]]
    assert [list(part.output) for part, _ in found] == [["n/a"], ["n/o"], ["y"], ["z"]]
    assert found[1][0].attribute[0].g.node[0].input == ["n/a"]
    assert graph.node[0].output == ["a"]


def test_a_definition_that_needs_a_newer_opset() -> None:
    with pytest.raises(ModelError, match=r"Layer 'node' \(Shrink\) is not supported"):
        build(one("Shrink", {"x": X}, opset=17))


def test_a_node_of_which_a_part_is_refused_is_refused_as_a_whole() -> None:
    proto = one("AffineGrid", {"x": random(1, 2, 3)}, {"size": np.array([1, 1, 2, 2])}, opset=20)
    with pytest.raises(ModelError) as caught:
        build(proto)
    assert str(caught.value) == "Layer 'node' (AffineGrid) is not supported."
    with pytest.raises(ModelError, match=r"Layer 'node' \(Bernoulli\) draws random numbers"):
        build(one("Bernoulli", {"x": X}, opset=15))
