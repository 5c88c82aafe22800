"""torch.export to graph: names, shapes, results, and operators that are not supported."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.packing import pack_inputs
from tests.support.refused import check_message


class Functional(nn.Module):
    """Layers as functions, views, a shared layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(12, 6)
        self.twice = nn.Linear(6, 6)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = image.view(image.size(0), -1)
        x = torch.relu(self.first(x))
        x = self.twice(self.twice(x))
        return nn.functional.softmax(x, dim=1)


def classifier() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3, bias=False)
    )


def test_names_and_shapes() -> None:
    graph = import_model(classifier(), (3, 4), batch=2)
    assert [(node.name, node.operator.name) for node in graph.nodes] == [
        ("input.reshaped", "reshape"),
        ("1", "linear"),
        ("2", "pointwise"),
        ("3", "dropout"),
        ("4", "linear"),
    ]
    assert graph.tensors[graph.inputs[0]].shape == (2, 3, 4)
    assert graph.tensors["1"].shape == (2, 8)
    assert graph.nodes[1].constants == {"weight": "1.weight", "bias": "1.bias"}
    assert graph.nodes[4].constants == {"weight": "4.weight"}


def test_functions_and_shared_weights() -> None:
    graph = import_model(Functional(), (3, 4), batch=2)
    assert graph.inputs[0] == "image"
    names = [node.name for node in graph.nodes if node.operator.name == "linear"]
    assert names == ["first", "twice", "twice#2"]
    assert graph.nodes[-1].operator.name == "softmax"
    assert len(graph.constants) == 4


@pytest.mark.parametrize("make", [classifier, Functional])
@pytest.mark.parametrize("batch", [1, 4])
def test_the_graph_computes_what_the_model_does(make: type, batch: int) -> None:
    torch.manual_seed(0)
    model = make().eval()
    values = np.random.default_rng(0).standard_normal((7, 3, 4)).astype(np.float32)
    graph = import_model(model, (3, 4), batch)
    with torch.no_grad():
        wanted = model(torch.from_numpy(values)).numpy()
    got = run_graph(graph, pack_inputs(graph, (values,)))[:7]
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_one_linear_without_bias() -> None:
    graph = import_model(nn.Linear(5, 3, bias=False), (5,), batch=1)
    assert [node.operator.name for node in graph.nodes] == ["linear"]


def test_unsupported_operator() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Softshrink(), nn.Linear(4, 2))
    check_message(model, (4,), "Layer '2' (Softshrink) is not supported.")
