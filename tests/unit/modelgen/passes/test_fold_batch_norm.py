"""Batch-norms go into the layer before, where nobody else reads that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.fold_batch_norm import fold_batch_norm
from modelgen.passes.fuse_pointwise import fuse_pointwise
from modelgen.passes.simplify import simplify
from tests.support.imported import check_same, maps, operators


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("groups", [1, 3])
def test_fold_batch_norm(bias: bool, groups: int) -> None:
    graph = maps(nn.Conv2d(3, 3, 3, groups=groups, bias=bias), nn.BatchNorm2d(3))
    folded = fold_batch_norm(graph)
    assert operators(folded) == ["conv2d"]
    assert folded.nodes[0].fused == ("1",)
    check_same(graph, folded)


class NormalizedTwice(nn.Module):
    """bn(y) + y: the batch-norm is not the only reader of the convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)
        self.norm = maps_norm()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        return self.norm(y) + y


def maps_norm() -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(3)
    norm.running_mean.normal_()
    norm.running_var.uniform_(2.0, 4.0)
    return norm


def test_batch_norm_of_a_convolution_that_others_read_stays() -> None:
    torch.manual_seed(0)
    model = NormalizedTwice().eval()
    graph = import_model(model, (3, 8, 6), 1)
    folded = fold_batch_norm(graph)
    assert operators(folded) == ["conv2d", "pointwise", "pointwise", "permute"]
    values = np.random.default_rng(0).standard_normal((1, 3, 8, 6)).astype(np.float32)
    with torch.no_grad():
        wanted = model(torch.from_numpy(values)).reshape(1, -1).numpy()
    got = run_graph(simplify(graph), pack_inputs(graph, (values,)))
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_batch_norm_of_the_networks_output_stays() -> None:
    """The convolution's output leaves the network: only its own reader would see the new scale."""
    graph = maps(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))
    convolution = replace(graph, outputs=(graph.nodes[0].output,))
    assert operators(fold_batch_norm(convolution)) == ["conv2d", "pointwise"]


def test_batch_norm_without_a_convolution_stays() -> None:
    graph = maps(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4))
    folded = fuse_pointwise(fold_batch_norm(graph))
    assert operators(folded) == ["pointwise", "conv2d", "pointwise"]
    check_same(graph, folded)


class Difference(nn.Module):
    """A difference, which is a sum with the second operand times -1."""

    def __init__(self, of_itself: bool) -> None:
        super().__init__()
        self.layer, self.of_itself = nn.Conv2d(3, 3, 1), of_itself

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        return y - y if self.of_itself else torch.sigmoid(x) - y


@pytest.mark.parametrize(
    ("of_itself", "wanted"),
    [(False, ["elementwise", "conv2d"]), (True, ["conv2d", "pointwise"])],
)
def test_a_difference_goes_into_the_layer_of_its_second_operand(
    of_itself: bool, wanted: list[str]
) -> None:
    torch.manual_seed(0)
    model = Difference(of_itself).eval()
    graph = import_model(model, (3, 8, 6), 1)
    folded = fold_batch_norm(graph)
    assert [name for name in operators(folded) if name != "permute"] == wanted
    values = np.random.default_rng(0).standard_normal((1, 3, 8, 6)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(values)).reshape(1, -1).numpy()
    for stage in (folded, simplify(graph)):
        got = run_graph(stage, pack_inputs(stage, (values,)))
        np.testing.assert_allclose(got, expected, atol=1e-5)
