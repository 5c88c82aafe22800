"""Convolutions of sequences over one row."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from modelgen.hardware import Hardware
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Conv2d
from modelgen.passes.lay_sequences import lay_sequences
from modelgen.passes.simplify import simplify
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from tests.support.imported import imported

WAVEFORM = nn.Conv1d(1, 8, 20, stride=2, padding=9), nn.ReLU(), nn.MaxPool1d(3)


def always(graph: Graph, node: Node) -> bool:
    return True


def convolutions(graph: Graph) -> list[Conv2d]:
    return [node.operator for node in graph.nodes if isinstance(node.operator, Conv2d)]


def test_it_is_the_same_convolution_along_the_other_axis() -> None:
    graph = quantize(simplify(imported(*WAVEFORM, features=(1, 60))))
    laid = lay_sequences(graph, always)
    (before,), (after,) = convolutions(graph), convolutions(laid)
    assert before.window.kernel == (20, 1) and after.window.kernel == (1, 20)
    assert after.window.padding == (0, 0, 9, 9) and after.window.stride == (1, 2)
    assert before.epilogue.pool == (3, 1) and after.epilogue.pool == (1, 3)
    values = np.random.default_rng(0).standard_normal((3, 2, 60)).astype(np.float32)
    np.testing.assert_allclose(run_graph(graph, values), run_graph(laid, values), atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "features"),
    [
        (nn.Conv2d(2, 3, (3, 1), padding=(1, 1)), (2, 9, 1)),
        (nn.Conv2d(2, 3, (3, 1)), (2, 9, 4)),
        (nn.MaxPool1d(2), (2, 9)),
    ],
)
def test_other_layers_stay(layer: nn.Module, features: tuple[int, ...]) -> None:
    graph = quantize(simplify(imported(layer, features=features)))
    assert lay_sequences(graph, always).nodes == graph.nodes


def test_the_samples_of_a_waveform_fill_the_array() -> None:
    """A position takes two slices of 16 samples; along a column it would take 20."""
    graph = quantize(simplify(imported(*WAVEFORM, features=(1, 400), batch=1)))
    program = compile_graph(graph, Hardware(array_size=16))
    (layer,) = (each for each in describe(program)["layers"] if each["macs"])
    assert layer["array_cycles"] == 198 * 2


def test_pixels_that_fill_the_array_by_themselves_stay_a_column() -> None:
    graph = quantize(simplify(imported(nn.Conv1d(32, 8, 3), features=(32, 40), batch=1)))
    program = compile_graph(graph, Hardware(array_size=16))
    assert [each.window.kernel for each in convolutions(program.graph)] == [(3, 1)]
