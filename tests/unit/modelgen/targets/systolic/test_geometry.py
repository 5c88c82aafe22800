"""Layers as windows over maps: sizes, padding that is reached, work, scales and biases."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from modelgen.operators import AvgPool2d, MaxPool2d, Slice
from modelgen.operators.window import Window
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.geometry import Axis, View, geometry, matrix_view, parameters, view
from tests.support.graph_builder import GraphBuilder
from tests.support.layers import convolution, geometry_of, pooling, product


def test_views() -> None:
    maps = View(2, 3, 4, 5)
    assert (maps.row_words, maps.image_words, maps.size) == (20, 60, 120)
    assert view((2, 3, 4, 5)) == maps
    assert view((2, 3, 5)) == matrix_view((2, 3, 5)) == View(1, 6, 1, 5)
    assert matrix_view(()) == View(1, 1, 1, 1)


def test_the_reach_of_a_dilated_window() -> None:
    """Taps at 0, 2 and 4 of an axis that begins two pixels before the map."""
    axis = Axis(size=9, outputs=4, kernel=3, stride=2, dilation=2, before=2)
    assert [axis.reach(outputs) for outputs in (1, 2, 4)] == [3, 5, 9]
    assert axis.after == 0


def test_padding_that_no_window_reaches_is_none() -> None:
    """Kernel 3, stride 2 on 6 pixels with one before: the last window ends at the last pixel."""
    axis = Axis(size=6, outputs=3, kernel=3, stride=2, before=1)
    assert [axis.reach(outputs) for outputs in (1, 2, 3)] == [2, 4, 6]
    assert axis.after == 0
    assert replace(axis, size=7).after == 0
    assert replace(axis, dilation=2).after == 2
    assert replace(axis, before=0).after == 1


def test_a_matrix_product() -> None:
    found = product(6, 20, 7)
    assert found.operation is Operation.MATMUL and found.is_matmul
    assert (found.source, found.target) == (View(1, 6, 1, 20), View(1, 6, 1, 7))
    assert (found.taps, found.positions, found.pads) == (1, 6, False)
    assert found.macs == 6 * 20 * 7


def test_a_linear_layer_on_maps_works_on_their_last_dimension() -> None:
    graph = GraphBuilder(2, 3, 4, 5)
    found = geometry_of(graph.build(graph.linear("x", 7)))
    assert (found.source, found.target) == (View(2, 3, 4, 5), View(2, 3, 4, 7))


def test_a_convolution() -> None:
    window = Window((3, 2), stride=(2, 1), padding=(1, 1, 0, 1), dilation=(1, 3))
    found = convolution((2, 7, 8, 5), 6, window)
    assert found.operation is Operation.MATMUL
    assert (found.source, found.target) == (View(2, 7, 8, 5), View(2, 4, 6, 6))
    assert found.y == Axis(7, 4, 3, 2, 1, before=1) and found.x == Axis(8, 6, 2, 1, 3, before=0)
    assert (found.channels, found.outputs, found.taps) == (5, 6, 6)
    assert found.macs == 2 * 4 * 6 * 6 * 5 * 6
    assert found.pads and found.padding_value == 0.0


def test_a_depthwise_convolution() -> None:
    found = convolution((1, 5, 5, 9), 0, Window((3, 3)), depthwise=True)
    assert found.operation is Operation.DEPTHWISE and not found.is_matmul
    assert found.macs == 3 * 3 * 9 * 9 and not found.pads


def test_positions_that_a_pooling_drops_are_not_computed() -> None:
    found = convolution((1, 7, 8, 3), 4, Window((1, 1)), pool=(2, 3))
    assert found.target == View(1, 3, 2, 4)
    assert (found.y.outputs, found.x.outputs, found.positions) == (6, 6, 36)
    assert found.pool == (2, 3)


@pytest.mark.parametrize(
    ("kind", "operation", "padding_value"),
    [(MaxPool2d, Operation.MAX, -math.inf), (AvgPool2d, Operation.SUM, 0.0)],
)
def test_poolings(kind: type, operation: Operation, padding_value: float) -> None:
    found = pooling(kind, (1, 7, 8, 3), Window((3, 3), (2, 2), (1, 1, 1, 1)))
    assert (found.operation, found.padding_value) == (operation, padding_value)
    assert (found.target, found.macs) == (View(1, 4, 4, 3), 0)


def test_an_element_wise_layer_is_a_window_of_one_pixel() -> None:
    graph = GraphBuilder(2, 3, 4, 5)
    found = geometry_of(graph.build(graph.pointwise("x")))
    assert (found.operation, found.taps, found.macs) == (Operation.SUM, 1, 0)
    assert found.source == found.target == View(2, 3, 4, 5)


def test_what_the_engine_does_not_have_is_refused() -> None:
    graph = GraphBuilder(1, 5)
    built = graph.build(graph.softmax("x"))
    with pytest.raises(AssertionError, match="the engine has no softmax"):
        geometry(built, built.nodes[0])


def test_a_movement_is_its_parts() -> None:
    """Dimensions that are read backwards are a part for each index: steps cannot be negative."""
    graph = GraphBuilder(1, 4, 6)
    built = graph.build(graph.move(Slice((0, 3, 1), (1, 3, 5), (1, -1, 1)), "x"))
    found = geometry_of(built)
    assert (found.source, found.target) == (View(1, 4, 1, 6), View(1, 3, 1, 5))
    assert [(part.source_offset, part.offset) for part in found.parts] == [
        (19, 0),
        (13, 5),
        (7, 10),
    ]
    assert all(min(part.source_strides) >= 0 for part in found.parts)
    assert found.macs == 0 and not found.pads


def test_scale_and_bias_of_a_layer_are_its_constants() -> None:
    graph = GraphBuilder(1, 5)
    built = graph.build(graph.linear("x", 7))
    (node,) = built.nodes
    scale, bias = parameters(built, node, geometry(built, node))
    assert scale is built.constant(node, "scale") and bias is built.constant(node, "bias")


def test_an_average_is_a_sum_with_a_scale() -> None:
    graph = GraphBuilder(1, 4, 4, 3)
    built = graph.build(graph.pool(AvgPool2d, "x", (4, 2), (4, 2)))
    scale, bias = parameters(built, built.nodes[0], geometry_of(built))
    np.testing.assert_array_equal(scale, np.full(3, 0.125, np.float32))
    np.testing.assert_array_equal(bias, np.zeros(3, np.float32))
    assert scale.dtype == bias.dtype == np.float32


def test_a_layer_without_bias_leaves_zeros_their_signs() -> None:
    graph = GraphBuilder(1, 4, 4, 3)
    built = graph.build(graph.pointwise("x", low=0.0))
    scale, bias = parameters(built, built.nodes[0], geometry_of(built))
    assert (scale == 1.0).all()
    assert (bias == 0.0).all() and np.signbit(bias).all()


def test_the_largest_result_of_a_negative_scale_is_not_that_of_the_largest_sum() -> None:
    graph = GraphBuilder(1, 4, 4, 3)
    built = graph.build(graph.conv("x", 2, pool=(2, 2)))
    (node,) = built.nodes
    built.constant(node, "scale")[1] = -1.0
    with pytest.raises(AssertionError, match="scale that is not positive"):
        parameters(built, node, geometry(built, node))
