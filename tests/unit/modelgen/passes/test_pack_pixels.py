"""Convolutions over whole words give the results of those over the pixels of an image."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.ir.execute_exact import run_layers
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Concatenate, IntegerConv2d, Pad
from modelgen.operators.window import Window
from modelgen.passes.pack_pixels import pack_pixels
from tests.support.integer_graphs import SAME, IntegerGraph

LARGEST = 64
"""Rows of an array that sees whole windows at once, so that nothing is gained by parts."""


def packed(graph: Graph, array_size: int = LARGEST) -> Graph:
    return pack_pixels(graph, array_size, lambda _graph, _node: True)


@pytest.mark.parametrize(
    ("shape", "window", "seen"),
    [
        ((1, 6, 8, 3), SAME, (1, 6, 6, 4)),
        ((2, 5, 8, 3), Window((3, 3), (2, 2), (0, 1, 0, 1)), (2, 5, 6, 4)),
        ((1, 6, 8, 1), Window((5, 5), padding=(2, 2, 2, 2)), (1, 6, 2, 4)),
        ((1, 4, 8, 6), Window((1, 1)), (1, 4, 12, 4)),
        ((1, 4, 16, 5), Window((2, 7), padding=(0, 1, 6, 0)), (1, 4, 20, 4)),
        # Rows of 10 values: two of them are 5 words, and one row of padding completes the last.
        ((1, 49, 10, 1), Window((10, 4), (2, 2), (4, 5, 1, 1)), (1, 25, 5, 4)),
        ((1, 8, 5, 3), Window((3, 3), padding=(1, 1, 1, 1)), (1, 2, 15, 4)),
        # More padding than the window is wide: some positions see nothing else.
        ((1, 8, 5, 3), Window((1, 2), padding=(0, 0, 3, 4)), (1, 2, 15, 4)),
    ],
)
def test_results_are_the_same(
    shape: tuple[int, ...], window: Window, seen: tuple[int, ...]
) -> None:
    built = IntegerGraph(*shape)
    graph = built.build(built.conv("x", 3, window))
    words = packed(graph)
    (conv,) = convolutions(words)
    assert words.tensors[conv.inputs[0]].shape == seen
    pads = [node for node in words.nodes if isinstance(node.operator, Pad)]
    assert len(pads) == (shape[1] == 49)
    wanted = results(built, graph)
    np.testing.assert_array_equal(results(built, words), wanted)
    assert len(np.unique(wanted)) > 40
    assert counted(words) == counted(graph), "zeros between are no work"


@pytest.mark.parametrize(
    ("shape", "window", "channels", "parts"),
    [
        # Of five words, all but the first position see 4 at most: 12 in three rows.
        ((1, 32, 32, 3), SAME, 16, [(3, 16), (4, 48)]),
        # Of five positions, the one in the middle sees all words of two rows.
        ((1, 50, 10, 1), Window((10, 4), (2, 2), (4, 4, 1, 1)), 64, [(4, 128), (5, 64), (4, 128)]),
    ],
)
def test_parts_see_only_words_that_have_weights(
    shape: tuple[int, ...], window: Window, channels: int, parts: list[tuple[int, int]]
) -> None:
    """Columns of taps, and channels, of each part, which begin further right."""
    built = IntegerGraph(*shape)
    graph = built.build(built.conv("x", channels, window))
    words = packed(graph, 16)
    found = convolutions(words)
    sizes = [
        (operator(node).window.kernel[1], words.tensors[node.output].columns) for node in found
    ]
    assert sizes == parts
    lefts = [operator(node).window.padding[2] for node in found]
    assert lefts == sorted(lefts, reverse=True) and lefts[0] > lefts[-1]
    assert any(isinstance(node.operator, Concatenate) for node in words.nodes)
    np.testing.assert_array_equal(results(built, words), results(built, graph))
    assert counted(words) == counted(graph)


def test_parts_cost_more_than_they_save_for_few_positions() -> None:
    built = IntegerGraph(1, 4, 8, 3)
    graph = built.build(built.conv("x", 16))
    assert len(convolutions(packed(graph, 16))) == 1


def test_parts_begin_at_whole_words_of_a_pixel() -> None:
    built = IntegerGraph(1, 64, 64, 3)
    graph = built.build(built.conv("x", 6))
    words = packed(graph, 4)
    assert {words.tensors[node.output].columns % 4 for node in convolutions(words)} == {0}


def test_what_the_engine_cannot_compute_then_either_stays() -> None:
    built = IntegerGraph(1, 6, 8, 3)
    graph = built.build(built.conv(built.conv("x", 6), 8))
    words = pack_pixels(graph, 8, lambda graph, node: graph.tensors[node.output].columns == 24)
    first, second = convolutions(words)
    assert (operator(first).packed, operator(second).packed) == (4, 1)


def convolutions(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if isinstance(node.operator, IntegerConv2d)]


def operator(node: Node) -> IntegerConv2d:
    assert isinstance(node.operator, IntegerConv2d)
    return node.operator


def results(built: IntegerGraph, graph: Graph) -> np.ndarray:
    return run_layers(graph, {"x": built.inputs()}, 8)[graph.outputs[0]]


def counted(graph: Graph) -> tuple[int, int]:
    """MACs and weights of all convolutions."""
    macs, weights = 0, 0
    for node in convolutions(graph):
        arrays = graph.arrays(node)
        macs += operator(node).macs(graph.shapes(node), arrays)
        weights += operator(node).weights(arrays)
    return macs, weights


@pytest.mark.parametrize(
    ("shape", "window", "fields"),
    [
        ((1, 6, 6, 4), SAME, {}),
        ((1, 6, 6, 3), SAME, {"depthwise": True}),
        ((1, 6, 8, 3), Window((2, 2), dilation=(1, 2)), {}),
        # Positions that do not come in groups of four, and rows that do not come in groups of two.
        ((1, 6, 8, 3), Window((3, 3)), {}),
        ((1, 6, 6, 3), Window((2, 2)), {}),
    ],
)
def test_what_has_whole_words_or_cannot_have_them_stays(
    shape: tuple[int, ...], window: Window, fields: dict
) -> None:
    built = IntegerGraph(*shape)
    graph = built.build(built.conv("x", 4, window, **fields))
    assert packed(graph).nodes == graph.nodes


def test_names_lead_to_the_layer() -> None:
    built = IntegerGraph(1, 4, 8, 3)
    graph = built.build(built.conv("x", 4))
    words, conv, pixels = packed(graph).nodes
    assert (words.name, conv.name) == ("x.words", graph.nodes[0].name)
    assert (pixels.name, pixels.output) == (f"{conv.name}.pixels", graph.outputs[0])
