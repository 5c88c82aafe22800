"""Layers in bands: where a map is too large, the same values on the device, in less time."""

from __future__ import annotations

import pytest
from torch import nn

from modelgen.hardware import Hardware
from modelgen.passes.simplify import simplify
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from modelgen.targets.systolic import Systolic
from tests.support.imported import imported
from tests.unit.modelgen.plan.test_cpu_layers import check_device

SMALL = Hardware(array_size=16, buffer_words=4096)
"""Room for the block's input and output, and for some rows of the map between."""


def block(stride: int = 1) -> nn.Module:
    """An inverted residual whose wide map has 8 times as many words as its input."""
    return nn.Sequential(
        *(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(4, 32, 1), nn.ReLU6()),
        *(nn.Conv2d(32, 32, 3, padding=1, stride=stride, groups=32), nn.ReLU6()),
        nn.Conv2d(32, 4, 1),
    )


def described(hardware: Hardware, monkeypatch: pytest.MonkeyPatch, *, bands: bool = True) -> dict:
    graph = quantize(simplify(imported(block(2), features=(3, 20, 20), batch=1)))
    if not bands:
        monkeypatch.setattr(Systolic, "rearrange", lambda _, network: network.graph)
    return describe(compile_graph(graph, hardware))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("shape", [(3, 20, 20), (3, 33, 7), (3, 7, 40)], ids=str)
def test_the_device_computes_the_same(shape: tuple[int, ...], stride: int) -> None:
    check_device(block(stride), shape, 1, SMALL)


def test_large_maps_are_never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    document = described(SMALL, monkeypatch)
    names = [layer["name"] for layer in document["layers"]]
    assert names[0] == "0.0" and "0.2[0:" in names[1] and "0.4[0:" in names[2]
    whole = described(SMALL, monkeypatch, bands=False)
    assert document["predicted_cycles"] < 0.95 * whole["predicted_cycles"]
    for same in ("macs", "limit_cycles", "depthwise_cycles"):
        assert document[same] == whole[same], "rows that are computed twice are no more work"


def test_maps_that_fit_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [layer["name"] for layer in described(Hardware(), monkeypatch)["layers"]]
    assert names == ["0.0", "0.2", "0.4", "0.6", "0.6.permuted"]
