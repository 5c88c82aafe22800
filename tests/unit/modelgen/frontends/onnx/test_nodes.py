"""What functions of operators see of a node."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.frontends.onnx.nodes import OnnxNode, RefusedError

NODE = OnnxNode(
    "n",
    "Pad",
    17,
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
