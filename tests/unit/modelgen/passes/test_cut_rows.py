"""Two layers in turn, some rows at a time: the same values, and what is computed twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs
from modelgen.operators import Conv2d
from modelgen.passes.cut_rows import cut_rows, pairs
from modelgen.passes.simplify import simplify
from modelgen.quantize.weights import quantize
from tests.support.imported import imported

ROWS, COLUMNS = 11, 5
CONVOLUTIONS = {
    "pointwise": nn.Conv2d(3, 6, 1),
    "padded": nn.Conv2d(3, 6, 3, padding=1),
    "strided": nn.Conv2d(3, 6, 3, padding=1, stride=2),
    "dilated": nn.Conv2d(3, 6, 3, padding=2, dilation=2),
    "one-sided": nn.Conv2d(3, 6, (4, 2), padding=(1, 0)),
}
READERS = {
    "depthwise": nn.Conv2d(6, 6, 3, padding=1, groups=6),
    "strided": nn.Conv2d(6, 6, 3, padding=1, stride=2, groups=6),
    "dense": nn.Conv2d(6, 4, 3, padding=1),
    "jumping": nn.Conv2d(6, 4, 1, stride=3),
}


def graph_of(*layers: nn.Module, features: tuple[int, ...] = (3, ROWS, COLUMNS)) -> Graph:
    torch.manual_seed(0)
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()
    return quantize(simplify(imported(nn.Sequential(*layers), features=features, batch=1)))


def convolutions(graph: Graph) -> dict[str, Conv2d]:
    """The convolutions by the last part of their names."""
    return {
        node.name.rpartition(".")[2]: node.operator
        for node in graph.nodes
        if isinstance(node.operator, Conv2d)
    }


@pytest.mark.parametrize("second", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("first", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys())
def test_the_values_stay(first: nn.Module, second: nn.Module) -> None:
    graph = graph_of(first, nn.ReLU(), second)
    (pair,) = pairs(graph)
    rows = graph.tensors[pair.second.output].shape[1]
    values = np.random.default_rng(0).standard_normal((2, 3, ROWS, COLUMNS)).astype(np.float32)
    packed = pack_inputs(graph, (values,))
    wanted = run_graph(graph, packed, 4)
    for heights in {(rows,), (1,) * rows, (1, rows - 1), (rows // 2, rows - rows // 2)}:
        cut = cut_rows(graph, pair, heights)
        assert cut is not None
        assert (run_graph(cut, packed, 4) == wanted).all()
        assert len(convolutions(cut)) == 2 * len(heights)


def test_only_what_two_parts_read_is_computed_twice() -> None:
    graph = graph_of(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 3, padding=1, groups=6))
    (pair,) = pairs(graph)
    cut = cut_rows(graph, pair, (4, 4, 3))
    assert cut is not None
    parts = convolutions(cut)
    repeated = {name: operator.repeated for name, operator in parts.items()}
    assert repeated == {
        **{"0[0:5]": 0, "0[3:9]": 2, "0[7:11]": 2},
        **{"1[0:4]": 0, "1[4:8]": 0, "1[8:11]": 0},
    }
    paddings = [operator.window.padding[:2] for name, operator in parts.items() if name[0] == "1"]
    assert paddings == [(1, 0), (0, 0), (0, 1)]


def test_a_part_that_reads_only_padding_cannot_be() -> None:
    graph = graph_of(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 1, padding=1, groups=6))
    (pair,) = pairs(graph)
    assert cut_rows(graph, pair, (1, 12)) is None
    assert cut_rows(graph, pair, (6, 7)) is not None


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(self.first(x))


class Twice(Residual):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.first(x)
        return self.second(y) * y


class Beside(Residual):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.second(self.first(x)), x + 1], 1)


@pytest.mark.parametrize(
    "model",
    [
        Residual(),
        Twice(),
        Beside(),
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3), nn.MaxPool2d(2)),
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.MaxPool2d(2), nn.Conv2d(3, 3, 2)),
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.AvgPool2d(2)),
    ],
    ids=["residual", "read-twice", "part-of-a-map", "pooled", "pooled-between", "pooling"],
)
def test_other_layers_are_no_pair(model: nn.Module) -> None:
    assert not pairs(graph_of(model))


def test_several_maps_are_no_pair() -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3))
    graph = quantize(simplify(imported(model, features=(3, 8, 8), batch=2)))
    assert not pairs(graph)
