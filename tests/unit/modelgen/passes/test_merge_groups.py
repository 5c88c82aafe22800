"""Groups of a convolution become one, with zeros between channels of different groups."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from modelgen.hardware import Hardware
from modelgen.ir.packing import pack_inputs
from modelgen.passes.merge_groups import merge_groups
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from modelgen.verify.golden import golden_outputs
from tests.support.imported import imported
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, check_device


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize(("groups", "outputs"), [(2, 4), (2, 8), (4, 8), (4, 12)])
def test_the_device_computes_the_same(groups: int, outputs: int, hardware: Hardware) -> None:
    check_device(nn.Conv2d(4, outputs, 3, padding=1, groups=groups), (4, 6, 5), 1, hardware)


def test_weights_between_groups_are_zero() -> None:
    graph = quantize(imported(nn.Conv2d(4, 6, 1, groups=2), features=(4, 3, 3), batch=1))
    before, after = (g.nodes[0] for g in (graph, merge_groups(graph, 8)))
    weight = merge_groups(graph, 8).arrays(after)["weight"]
    assert weight.shape == (6, 1, 1, 4) and after.operator.groups == 1
    assert not weight[:3, ..., 2:].any() and not weight[3:, ..., :2].any()
    assert (weight[3:, ..., 2:] == graph.arrays(before)["weight"][3:]).all()


def test_depthwise_convolutions_stay() -> None:
    graph = quantize(imported(nn.Conv2d(4, 4, 3, groups=4), features=(4, 3, 3), batch=1))
    assert merge_groups(graph, 8).nodes == graph.nodes


@pytest.mark.parametrize(
    ("channels", "outputs", "groups", "blocks"),
    [
        (16, 16, 4, 2),
        (16, 32, 4, 4),
        (8, 16, 8, 2),
        (32, 32, 2, 2),
        # Groups of 6 do not fill tiles of 8: three tiles have four groups.
        (16, 48, 8, 2),
        # Two tiles, of which the second is not full.
        (12, 12, 4, 1),
        (4, 8, 2, 1),
    ],
)
def test_blocks_are_whole_groups_and_whole_tiles(
    channels: int, outputs: int, groups: int, blocks: int
) -> None:
    model = nn.Conv2d(channels, outputs, 1, groups=groups)
    graph = quantize(imported(model, features=(channels, 3, 3), batch=1))
    (node,) = [node for node in merge_groups(graph, 8).nodes if node.constants]
    assert (node.operator.joined, node.operator.blocks) == (groups, blocks)


STREAMING = Hardware(array_size=4, buffer_words=256, accumulator_depth=64)
"""A buffer too small for the maps."""


@pytest.mark.parametrize(
    "hardware", [Hardware(array_size=4), Hardware(), STREAMING], ids=["4", "8", "streaming"]
)
@pytest.mark.parametrize(
    "layers",
    [
        (nn.Conv2d(16, 16, 3, padding=1, groups=4),),
        (nn.Conv2d(16, 16, 1), nn.Conv2d(16, 32, 3, padding=1, stride=2, groups=2)),
        (nn.Conv2d(16, 48, (2, 3), dilation=2, groups=8), nn.ReLU(), nn.MaxPool2d(2)),
        (nn.Conv2d(16, 8, 1), nn.Conv2d(8, 16, 3, groups=8), nn.Conv2d(16, 16, 1, groups=4)),
    ],
    ids=["first", "second", "dilated", "multiplied"],
)
def test_blocks_on_the_device(layers: tuple[nn.Module, ...], hardware: Hardware) -> None:
    check_device(nn.Sequential(*layers), (16, 9, 7), 2, hardware)


def test_what_is_infinite_in_one_block_does_not_reach_another() -> None:
    graph = quantize(imported(nn.Conv2d(16, 16, 3, groups=4), features=(16, 5, 5), batch=1))
    maps = np.random.default_rng(0).standard_normal((2, 16, 5, 5)).astype(np.float32)
    maps[:, 5] = np.inf
    program = compile_graph(graph, Hardware(array_size=4))
    outputs = golden_outputs(program, pack_inputs(graph, (maps,))).reshape(2, 16, 9)
    assert np.isnan(outputs[:, 4:8]).all()
    assert np.isfinite(np.delete(outputs, np.s_[4:8], axis=1)).all()


def test_zeros_between_blocks_are_not_multiplied() -> None:
    cycles = []
    for groups in (1, 4):
        model = nn.Conv2d(64, 64, 3, padding=1, groups=groups)
        graph = quantize(imported(model, features=(64, 16, 16), batch=1))
        described = describe(compile_graph(graph, Hardware(array_size=16)))["layers"]
        (layer,) = [each for each in described if each["macs"]]
        assert layer["array_cycles"] == 256 * 9 * 4 * 4 / groups
        cycles.append(layer["predicted_cycles"])
    assert cycles[1] < cycles[0] / 2
