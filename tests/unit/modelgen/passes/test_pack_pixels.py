"""Convolutions over whole words give the results of those over the pixels of an image."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.ir.execute_exact import run_layers
from modelgen.ir.graph import Graph, Node
from modelgen.operators import IntegerConv2d, Pad
from modelgen.operators.window import Window
from modelgen.passes.pack_pixels import pack_pixels
from tests.support.integer_graphs import SAME, IntegerGraph


@pytest.mark.parametrize(
    ("shape", "window", "seen"),
    [
        ((1, 6, 8, 3), SAME, (1, 6, 6, 4)),
        ((2, 5, 8, 3), Window((3, 3), (2, 2), (0, 1, 0, 1)), (2, 5, 6, 4)),
        ((1, 6, 8, 1), Window((5, 5), padding=(2, 2, 2, 2)), (1, 6, 2, 4)),
        ((1, 4, 8, 6), Window((1, 1)), (1, 4, 12, 4)),
        ((1, 4, 16, 5), Window((2, 7), padding=(0, 1, 6, 0)), (1, 4, 20, 4)),
        # Rows of 10 values: two of them are 5 words, and one row of padding completes the last.
        ((1, 49, 10, 1), Window((10, 4), (2, 2), (4, 5, 1, 1)), (1, 25, 1, 20)),
        ((1, 8, 5, 3), Window((3, 3), padding=(1, 1, 1, 1)), (1, 2, 1, 60)),
    ],
)
def test_results_are_the_same(
    shape: tuple[int, ...], window: Window, seen: tuple[int, ...]
) -> None:
    built = IntegerGraph(*shape)
    graph = built.build(built.conv("x", 3, window))
    packed = pack_pixels(graph)
    (conv,) = (node for node in packed.nodes if isinstance(node.operator, IntegerConv2d))
    assert packed.tensors[conv.inputs[0]].shape == seen
    pads = [node for node in packed.nodes if isinstance(node.operator, Pad)]
    assert len(pads) == (shape[1] == 49)
    inputs = {"x": built.inputs()}
    wanted, found = (run_layers(each, inputs, 8)[graph.outputs[0]] for each in (graph, packed))
    np.testing.assert_array_equal(found, wanted)
    assert len(np.unique(wanted)) > 40
    assert counted(packed, conv) == counted(graph, graph.nodes[0]), "zeros between are no work"


def counted(graph: Graph, node: Node) -> tuple[int, int]:
    """MACs and weights of a convolution."""
    operator, arrays = node.operator, graph.arrays(node)
    assert isinstance(operator, IntegerConv2d)
    return operator.macs(graph.shapes(node), arrays), operator.weights(arrays)


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
    assert pack_pixels(graph).nodes == graph.nodes


def test_names_lead_to_the_layer() -> None:
    built = IntegerGraph(1, 4, 8, 3)
    graph = built.build(built.conv("x", 4))
    words, conv, pixels = pack_pixels(graph).nodes
    assert (words.name, conv.name) == ("x.words", graph.nodes[0].name)
    assert (pixels.name, pixels.output) == (f"{conv.name}.pixels", graph.outputs[0])
