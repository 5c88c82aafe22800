"""Convolutions, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import agree, graph_of, one, random, refused

X = random(1, 6, 7, 4)
ONE_STEP = {"strideH": 1, "strideW": 1}


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_convolutions(stride: int, padding: int) -> None:
    options = {"strideH": stride, "strideW": 1, "padding": padding}
    agree("CONV_2D", [X], {1: random(5, 3, 2, 4), 2: random(5)}, **options)
    agree("CONV_2D", [X], {1: random(6, 3, 3, 2), 2: random(6)}, **options)
    options |= {"strideW": stride, "depthMultiplier": 2, "fusedActivationFunction": 3}
    agree("DEPTHWISE_CONV_2D", [X], {1: random(1, 3, 3, 8), 2: random(8)}, **options)


def test_dilations() -> None:
    options = {**ONE_STEP, "dilationHFactor": 2, "dilationWFactor": 3}
    agree("CONV_2D", [X], {1: random(5, 3, 3, 4), 2: random(5)}, **options)


def test_maps_stay_where_they_are() -> None:
    data = one("CONV_2D", [X], {1: random(5, 3, 3, 4), 2: random(5)}, **ONE_STEP)
    graph = graph_of(data, [X])
    assert [type(node.operator).__name__ for node in graph.nodes] == ["Conv2d"]


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4)])
@pytest.mark.parametrize(
    ("rows", "columns", "stride", "padding"),
    [(6, 7, 1, 0), (12, 14, 2, 0), (11, 13, 2, 0), (18, 21, 3, 0)],
)
def test_transposed_convolutions(
    rows: int, columns: int, stride: int, padding: int, kernel: tuple[int, int]
) -> None:
    constants = {0: np.array([1, rows, columns, 3], np.int32), 1: random(3, *kernel, 4)}
    options = {"strideH": stride, "strideW": stride, "padding": padding}
    agree("TRANSPOSE_CONV", [X], constants, **options)
    bias = {3: random(3, seed=3)}
    agree("TRANSPOSE_CONV", [X], {**constants, **bias}, **options, fusedActivationFunction=1)


@pytest.mark.parametrize(("rows", "columns", "stride"), [(13, 15, 2), (14, 16, 2), (8, 9, 1)])
def test_transposed_convolutions_without_padding(rows: int, columns: int, stride: int) -> None:
    constants = {0: np.array([1, rows, columns, 3], np.int32), 1: random(3, 3, 3, 4)}
    agree("TRANSPOSE_CONV", [X], constants, strideH=stride, strideW=stride, padding=1)


def test_weights_that_do_not_fit_are_refused() -> None:
    found = refused("CONV_2D", [X], {1: random(5, 3, 3, 3), 2: random(5)}, **ONE_STEP)
    assert found == "Layer 't3' (CONV_2D) has weights for 3 channels, and gets 4."
    found = refused("DEPTHWISE_CONV_2D", [X], {1: random(1, 3, 3, 6), 2: random(6)}, **ONE_STEP)
    assert "has weights [1, 3, 3, 6], and gets 4 channels" in found
    found = refused("CONV_2D", [X[0]], {1: random(5, 3, 3, 4), 2: random(5)}, **ONE_STEP)
    assert "works on feature maps of 4 dimensions, not of 3" in found
    for wrong in ([1, 12, 14, 9], [7, 12, 14, 3], [1, 9, 9, 3], [1, -4, 14, 3]):
        constants = {0: np.array(wrong, np.int32), 1: random(3, 3, 3, 4)}
        found = refused("TRANSPOSE_CONV", [X], constants, strideH=2, strideW=2)
        assert f"gives {wrong}, of which the convolution does not give [1, 6, 7, 4]" in found
    sizes = np.array([1, 12, 14], np.int32)
    found = refused("TRANSPOSE_CONV", [X], {0: sizes, 1: random(3, 3, 3, 4)}, **ONE_STEP)
    assert "gives feature maps of 3 dimensions, not of 4" in found
