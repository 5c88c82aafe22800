"""Poolings become part of the convolution before, where its store can do them."""

from __future__ import annotations

import pytest
from torch import nn

from modelgen.operators import MaxPool2d
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.fuse_max_pool import fuse_max_pool
from modelgen.passes.simplify import simplify
from tests.support.graph_builder import GraphBuilder
from tests.support.imported import check_same, maps, operators


@pytest.mark.parametrize("order", ["after", "before"])
def test_fuse_max_pool(order: str) -> None:
    around = [nn.ReLU(), nn.MaxPool2d(2)]
    graph = maps(nn.Conv2d(3, 4, 3), *(around if order == "after" else reversed(around)))
    simple = simplify(graph)
    (node,) = simple.nodes
    assert node.operator.epilogue == Epilogue(low=0.0, pool=(2, 2))
    check_same(graph, simple)


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, 1)],
        [nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, padding=1)],
        [nn.Conv2d(3, 4, 3), nn.LeakyReLU(-0.5), nn.MaxPool2d(2)],
        [nn.AvgPool2d(2), nn.MaxPool2d(2)],
    ],
)
def test_max_pools_that_are_layers_of_their_own(layers: list) -> None:
    graph = maps(*layers)
    simple = simplify(graph)
    assert operators(fuse_max_pool(simple))[-1] == "max_pool2d"
    check_same(graph, simple)


def test_a_dilated_pooling_stays() -> None:
    builder = GraphBuilder(1, 8, 8, 3)
    pooled = builder.pool(MaxPool2d, builder.conv("x", 4), (2, 2), (2, 2), dilation=(2, 2))
    graph = builder.build(pooled)
    assert operators(fuse_max_pool(graph)) == ["conv2d", "max_pool2d"]
