"""Interpolations become convolutions whose weights lose nothing, and a movement."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.frontends.torch_export.importer import import_model
from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.expand_resize import expand_resize
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.plan.machine import execute
from modelgen.quantize.weights import quantize
from tests.support.imported import operators
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, check_device


def between(upsample: nn.Module, channels: int = 12) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, channels, 3), upsample, nn.Conv2d(channels, 2, 3))


def expanded(upsample: nn.Module, channels: int = 12, size: int = 8) -> Graph:
    model = between(upsample, channels).eval()
    return expand_resize(quantize(simplify(import_model(model, (3, 10, 9), 1))), size)


FACTORS = [2, 4, (2, 1), (1, 4), (4, 2)]


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize("factor", FACTORS, ids=str)
def test_factors(factor: int | tuple[int, int], hardware: Hardware) -> None:
    check_device(between(nn.Upsample(scale_factor=factor, mode="bilinear")), (3, 8, 7), 2, hardware)


@pytest.mark.parametrize("channels", [6, 40])
def test_one_convolution_or_one_for_each_phase(channels: int) -> None:
    """With zeros for the other channels, one is faster if there are few."""
    upsample = nn.Upsample(scale_factor=2, mode="bilinear")
    kinds = operators(expanded(upsample, channels))
    wanted = ["conv2d"] if channels == 6 else [*["conv2d"] * 4, "concatenate"]
    assert kinds == ["conv2d", "pad", *wanted, "interleave", "conv2d", *kinds[len(wanted) + 4 :]]
    check_device(between(upsample, channels), (3, 9, 8), 1, Hardware())


def test_sequences() -> None:
    layers = nn.Conv1d(3, 40, 3), nn.Upsample(scale_factor=2, mode="linear"), nn.Conv1d(40, 2, 1)
    check_device(nn.Sequential(*layers), (3, 40), 1, Hardware())


@pytest.mark.parametrize(
    "upsample",
    [
        nn.Upsample(scale_factor=3, mode="bilinear"),
        nn.Upsample(scale_factor=8, mode="bilinear"),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        nn.Upsample(size=(11, 14), mode="bilinear"),
        nn.Upsample(scale_factor=0.5, mode="bilinear"),
        nn.Upsample(scale_factor=2.1, mode="bilinear", recompute_scale_factor=False),
    ],
    ids=["thirds", "large weights", "corners", "one axis", "smaller", "other steps"],
)
def test_others_stay(upsample: nn.Module) -> None:
    assert "resize" in operators(expanded(upsample, 40))


def test_few_values_stay() -> None:
    upsample = nn.Upsample(scale_factor=2, mode="bilinear")
    assert "resize" in operators(expanded(upsample, channels=1))


@pytest.mark.parametrize("size", [4, 8, 16])
@pytest.mark.parametrize("factor", [2, 4])
def test_the_values_of_pytorch(factor: int, size: int) -> None:
    """The weights are exact: only sums are rounded, and small values beside large ones."""
    upsample = nn.Upsample(scale_factor=factor, mode="bilinear")
    shape = 5, 9, 12
    values = np.random.default_rng(factor).standard_normal((1, *shape)).astype(np.float32)
    values[0, :, ::2] *= 1000.0
    graph = quantize(simplify(import_model(upsample, shape, 1)))
    program = compile_graph(graph, Hardware(array_size=size))
    assert {step.target for step in program.network.steps} == {"engine"}
    got = execute(program, pack_inputs(graph, (values,))[0])
    wanted = functional.interpolate(
        torch.from_numpy(values).double(), scale_factor=factor, mode="bilinear"
    ).numpy()
    error = np.abs(got.reshape(wanted.shape) - wanted)
    assert error.max() <= 2.0**-22 * np.abs(values).max()
