"""Normalizations: where their dimensions are, weight and bias."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.ir.graph import Graph
from tests.support.refused import check_message
from tests.support.same import Function, check_same


def with_values(layer: nn.Module) -> nn.Module:
    """Return a layer whose weight and bias do something."""
    torch.manual_seed(1)
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    return layer


def kinds(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes if node.operator.takes_time]


LAYERS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "layer": (nn.LayerNorm(9), (5, 9)),
    "layer-of-vectors": (nn.LayerNorm(9), (9,)),
    "layer-without-bias": (nn.LayerNorm(9, bias=False), (5, 9)),
    "layer-without-weight": (nn.LayerNorm(9, elementwise_affine=False), (5, 9)),
    "layer-over-all": (nn.LayerNorm((4, 5, 6)), (4, 5, 6)),
    "layer-over-rows": (nn.LayerNorm((5, 6)), (4, 5, 6)),
    "rms": (nn.RMSNorm(9), (5, 9)),
    "rms-with-epsilon": (nn.RMSNorm(9, eps=0.1), (5, 9)),
    "group": (nn.GroupNorm(2, 4), (4, 5, 6)),
    "group-of-vectors": (nn.GroupNorm(2, 8), (8,)),
    "group-of-sequences": (nn.GroupNorm(2, 4, affine=False), (4, 7)),
    "instance": (nn.InstanceNorm2d(4, affine=True), (4, 5, 6)),
    "instance-of-sequences": (nn.InstanceNorm1d(4), (4, 7)),
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
def test_each_layer(layer: nn.Module, shape: tuple[int, ...], batch: int) -> None:
    graph = check_same(with_values(layer), batch=batch, shape=shape)
    assert "normalize" in kinds(graph)


def test_a_bias_without_weight() -> None:
    bias = torch.linspace(-1, 1, 9)
    check_same(Function(lambda x: functional.layer_norm(x, (9,), None, bias)), shape=(5, 9))


@pytest.mark.parametrize("layer", [nn.LayerNorm((5, 6)), nn.LayerNorm((4, 5, 6))], ids=str)
def test_after_a_convolution(layer: nn.Module) -> None:
    check_same(nn.Sequential(nn.Conv2d(4, 4, 1), with_values(layer)), batch=2, shape=(4, 5, 6))


def test_maps_stay_where_they_are() -> None:
    class Channels(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(4, 8, 3), with_values(nn.LayerNorm(8))
            self.last = nn.Conv2d(8, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows = self.norm(self.conv(x).permute(0, 2, 3, 1))
            return self.last(rows.permute(0, 3, 1, 2)).flatten(1)

    for model in (
        Channels(),
        nn.Sequential(nn.Conv2d(4, 8, 3), nn.GroupNorm(4, 8), nn.Conv2d(8, 2, 1), nn.Flatten()),
    ):
        graph = check_same(model, batch=2, shape=(4, 5, 6))
        assert kinds(graph)[:3] == ["conv2d", "normalize", "conv2d"]


def test_an_instance_norm_with_running_statistics_is_a_batch_norm() -> None:
    layer = nn.InstanceNorm2d(4, affine=True, track_running_stats=True)
    layer.running_mean.normal_()
    layer.running_var.uniform_(0.5, 2.0)
    graph = check_same(with_values(layer), batch=2, shape=(4, 5, 6))
    assert set(kinds(graph)) <= {"pointwise", "permute"}


def test_weights_that_depend_on_the_input_are_refused() -> None:
    model = Function(lambda x: functional.layer_norm(x, (9,), x.sum((0, 1))))
    check_message(model, (5, 9), "must be constant")
