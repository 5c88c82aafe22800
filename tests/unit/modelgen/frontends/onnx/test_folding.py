"""Values that do not depend on the inputs."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from modelgen.frontends.nodes.node import RefusedError
from modelgen.frontends.onnx.folding import can_fold, folded

node = onnx.helper.make_node


def test_what_can_be_computed_now() -> None:
    known = {"a": np.ones(2), "b": np.ones(2)}
    assert can_fold(node("Add", ["a", "b"], ["y"]), known)
    assert can_fold(node("Clip", ["a", "", "b"], ["y"]), known)
    assert not can_fold(node("Add", ["a", "x"], ["y"]), known)
    assert not can_fold(node("RandomNormal", [], ["y"], shape=[2]), known)
    assert not can_fold(node("If", ["a"], ["y"]), known)


def test_the_version_of_the_operators_matters() -> None:
    values = {"a": np.arange(6.0).reshape(2, 3)}
    given = node("ReduceMax", ["a"], ["y"], axes=[1], keepdims=0)
    assert folded(given, {"": 13}, values)["y"].tolist() == [2, 5]


def test_several_results() -> None:
    given = node("Split", ["a"], ["p", "", "q"], axis=0)
    found = folded(given, {"": 13}, {"a": np.arange(6)})
    assert {name: value.tolist() for name, value in found.items()} == {"p": [0, 1], "q": [4, 5]}


def test_what_cannot_be_computed_is_refused() -> None:
    given = node("Reshape", ["a", "b"], ["y"])
    with pytest.raises(RefusedError, match="is constant and cannot be computed: cannot reshape"):
        folded(given, {"": 13}, {"a": np.arange(6), "b": np.array([4])})


ONE, MANY = np.array(1.0, np.float32), np.array([1 << 20, 1 << 20])


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (node("ConstantOfShape", ["a"], ["y"]), {"a": MANY}),
        (node("Expand", ["a", "b"], ["y"]), {"a": ONE, "b": MANY}),
        (node("Tile", ["a", "b"], ["y"]), {"a": np.ones((1, 1)), "b": MANY}),
        (
            node("Range", ["a", "b", "c"], ["y"]),
            {"a": np.array(0), "b": np.array(1 << 40), "c": np.array(1)},
        ),
        (node("Pad", ["a", "b"], ["y"]), {"a": ONE.reshape(1), "b": np.array([1 << 40, 0])}),
        (
            node("OneHot", ["a", "b", "c"], ["y"]),
            {"a": np.array([0]), "b": np.array(1 << 40), "c": np.array([0, 1])},
        ),
        (
            node("MatMul", ["a", "b"], ["y"]),
            {"a": np.ones((1 << 14, 1), np.float32), "b": np.ones((1, 1 << 14), np.float32)},
        ),
    ],
)
def test_constants_that_no_memory_holds_are_refused(
    given: onnx.NodeProto, values: dict[str, np.ndarray]
) -> None:
    with pytest.raises(RefusedError, match="is constant and gives 'y' the shape") as caught:
        folded(given, {"": 18}, values)
    assert caught.value.hint == "At most 134217728 values are computed when the model is imported."
