"""All simplifications together: what is left, and that it gives the same."""

from __future__ import annotations

import numpy as np
from torch import nn

from modelgen.ir.execute import run_graph
from modelgen.passes.simplify import simplify
from tests.support.imported import check_same, imported, maps, operators


def test_a_negative_slope_behind_a_pooling_stays() -> None:
    """It would turn the order of the values round that the maximum sees."""
    graph = maps(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.LeakyReLU(-0.5))
    simple = simplify(graph)
    assert operators(simple) == ["conv2d", "pointwise"]
    check_same(graph, simple)


def test_relu_without_a_layer_before_stays() -> None:
    graph = imported(nn.Flatten(), nn.ReLU(), nn.Linear(6, 3), features=(2, 3))
    assert operators(simplify(graph)) == ["pointwise", "reshape", "linear"]


def test_simplified_graph_computes_the_same() -> None:
    layers = (
        nn.Flatten(),
        nn.Linear(6, 5),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(5, 4),
        nn.Softmax(1),
    )
    graph = imported(*layers, features=(2, 3), batch=3)
    values = np.random.default_rng(0).standard_normal((9, 2, 3)).astype(np.float32)
    simple = simplify(graph)
    assert operators(simple) == ["reshape", "linear", "linear", "softmax"]
    np.testing.assert_array_equal(run_graph(graph, values), run_graph(simple, values))
