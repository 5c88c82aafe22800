"""Dimensions that operators name."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.frontends.nodes.node import FileNode, RefusedError
from modelgen.frontends.tflite.float_operators.dimensions import axes_of, axis_of


def node(*axes: int) -> FileNode:
    return FileNode("n", "SUM", {}, ("x", "a"), ("y",), {1: np.array(axes, np.int32)})


def test_dimensions_count_from_either_end() -> None:
    assert axes_of(node(2, -1, 0), 1, 3) == [0, 2]
    assert axis_of(node(-2), 1, 3) == 1


@pytest.mark.parametrize("axis", [-4, 3])
def test_others_are_refused(axis: int) -> None:
    with pytest.raises(RefusedError, match=f"names dimension {axis} of a tensor that has 3"):
        axes_of(node(axis), 1, 3)
    with pytest.raises(RefusedError, match="names 2 dimensions instead of one"):
        axis_of(node(0, 1), 1, 3)
