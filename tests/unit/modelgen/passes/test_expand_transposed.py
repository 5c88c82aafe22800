"""Transposed convolutions become convolutions with a channel for each phase."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.hardware import Hardware
from modelgen.passes.simplify import simplify
from tests.support.imported import operators
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, Function, check_device


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 2, "stride": 2},
        {"kernel_size": 4, "stride": 2, "padding": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
        {"kernel_size": (3, 5), "stride": (1, 3), "padding": (2, 0), "output_padding": (0, 2)},
        {"kernel_size": 3, "stride": 2, "dilation": 2, "groups": 2},
        {"kernel_size": 2, "stride": 3, "bias": False},
        {"kernel_size": 3, "padding": 2, "dilation": 3},
        {"kernel_size": 1, "padding": 2},
        {"kernel_size": 2, "stride": 2, "padding": 5},
    ],
    ids=str,
)
def test_over_maps(settings: dict[str, Any], hardware: Hardware) -> None:
    layer = nn.ConvTranspose2d(4, 6, **settings)
    check_device(nn.Sequential(layer, nn.BatchNorm2d(6), nn.ReLU()), (4, 8, 7), 2, hardware)


@pytest.mark.parametrize("stride", [1, 2])
def test_over_sequences(stride: int) -> None:
    check_device(nn.ConvTranspose1d(4, 3, 4, stride, 1), (4, 9), 2, Hardware())


def test_a_sum_behind_one() -> None:
    layers = nn.ConvTranspose2d(4, 4, 4, 2, 1), nn.MaxPool2d(2)
    model = Function(lambda x, up, half: torch.relu(up(half(x)) + x), *layers)
    check_device(model, (4, 6, 6), 1, Hardware())


def test_what_is_folded_and_fused_into_it() -> None:
    layers = nn.ConvTranspose2d(3, 5, 2, 2), nn.BatchNorm2d(5), nn.LeakyReLU(), nn.Flatten()
    graph = simplify(import_model(nn.Sequential(*layers).eval(), (3, 4, 4), 1))
    assert operators(graph)[0] == "conv2d" and "pointwise" not in operators(graph)
    assert graph.nodes[0].fused == ("1", "2")
    assert graph.arrays(graph.nodes[0])["weight"].shape == (20, 1, 1, 3)


def test_without_a_stride_nothing_is_moved() -> None:
    graph = simplify(import_model(nn.ConvTranspose2d(3, 1, 3, padding=1), (3, 4, 4), 1))
    assert operators(graph) == ["conv2d", "reshape"]
