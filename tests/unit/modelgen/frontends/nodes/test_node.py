"""What functions of operators see of a node."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.frontends.nodes.node import LARGEST, FileNode, RefusedError, check_size

NODE = FileNode(
    "n",
    "Pad",
    {"mode": "edge"},
    ("x", "pads", ""),
    ("y", ""),
    {1: np.array([[1, 2], [3, 4]])},
)


def test_attributes_inputs_and_outputs() -> None:
    assert (NODE.attribute("mode"), NODE.attribute("axis", 3)) == ("edge", 3)
    assert [NODE.has(at) for at in range(4)] == [True, True, False, False]
    assert [NODE.returns(at) for at in range(3)] == [True, False, False]


def test_constants() -> None:
    assert NODE.ints(1, "padding") == [1, 2, 3, 4]
    assert NODE.number(1, "padding") == 1.0


def test_what_must_be_constant_is_refused_otherwise() -> None:
    with pytest.raises(RefusedError) as caught:
        NODE.ints(0, "shape")
    assert caught.value.reason == "has a shape, 'x', that depends on the model's input"
    assert caught.value.hint.startswith("It must be constant")


def test_shapes_that_no_memory_holds() -> None:
    check_size((LARGEST // 4, 4))
    with pytest.raises(RefusedError, match="gives the shape 1073741824x3, of more than 268435456"):
        check_size((1 << 30, 3))


def test_dimensions_count_from_either_end() -> None:
    assert [NODE.axis(axis, 3) for axis in (-3, -1, 0, 2)] == [0, 2, 0, 2]
    assert NODE.axes((-1, 0), 3) == [0, 2]
    for axis in (-4, 3):
        with pytest.raises(RefusedError, match=f"names dimension {axis} of a tensor that has 3"):
            NODE.axis(axis, 3)
    with pytest.raises(RefusedError, match=r"names a dimension twice: \[0, 2, 2\]"):
        NODE.axes((2, 0, -1), 3)


def test_lists_are_of_integers() -> None:
    node = FileNode("n", "Sum", {}, ("x", "a"), ("y",), {1: np.array([1.0])})
    with pytest.raises(RefusedError, match="has a list of axes, 'a', of the type float64"):
        node.ints(1, "list of axes")
