"""Groups of a convolution become one, with zeros between channels of different groups."""

from __future__ import annotations

import pytest
from torch import nn

from modelgen.hardware import Hardware
from modelgen.passes.merge_groups import merge_groups
from modelgen.quantize.weights import quantize
from tests.support.imported import imported
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, check_device


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize(("groups", "outputs"), [(2, 4), (2, 8), (4, 8), (4, 12)])
def test_the_device_computes_the_same(groups: int, outputs: int, hardware: Hardware) -> None:
    check_device(nn.Conv2d(4, outputs, 3, padding=1, groups=groups), (4, 6, 5), 1, hardware)


def test_weights_between_groups_are_zero() -> None:
    graph = quantize(imported(nn.Conv2d(4, 6, 1, groups=2), features=(4, 3, 3), batch=1))
    before, after = (g.nodes[0] for g in (graph, merge_groups(graph)))
    weight = merge_groups(graph).arrays(after)["weight"]
    assert weight.shape == (6, 1, 1, 4) and after.operator.groups == 1
    assert not weight[:3, ..., 2:].any() and not weight[3:, ..., :2].any()
    assert (weight[3:, ..., 2:] == graph.arrays(before)["weight"][3:]).all()


def test_depthwise_convolutions_stay() -> None:
    graph = quantize(imported(nn.Conv2d(4, 4, 3, groups=4), features=(4, 3, 3), batch=1))
    assert merge_groups(graph).nodes == graph.nodes
