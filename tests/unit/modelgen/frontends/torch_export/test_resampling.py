"""Upsampling and pixel shuffling: what torch gives."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.support.same import Function, check_same


@pytest.mark.parametrize(
    "layer",
    [
        nn.Upsample(scale_factor=2),
        nn.Upsample(scale_factor=(3, 1.5)),
        nn.Upsample(size=(7, 20)),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(scale_factor=1.7, mode="bilinear"),
        nn.Upsample(size=(5, 30), mode="bilinear", align_corners=True),
        nn.UpsamplingNearest2d(scale_factor=2),
        nn.UpsamplingBilinear2d(scale_factor=2),
        Function(lambda x: functional.interpolate(x, (9, 31), mode="nearest-exact")),
        Function(lambda x: functional.interpolate(x, scale_factor=2.3, mode="nearest-exact")),
        nn.PixelShuffle(2),
        nn.PixelUnshuffle(3),
        nn.ChannelShuffle(2),
    ],
    ids=str,
)
@pytest.mark.parametrize("conv", [False, True])
def test_feature_maps(layer: nn.Module, *, conv: bool) -> None:
    before = [nn.Conv2d(4, 4, 3, padding=1)] if conv else []
    check_same(nn.Sequential(*before, layer), batch=2)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Upsample(scale_factor=2),
        nn.Upsample(size=13),
        nn.Upsample(scale_factor=2.5, mode="linear"),
        nn.Upsample(size=13, mode="linear", align_corners=True),
        Function(lambda x: functional.interpolate(x, 23, mode="nearest-exact")),
    ],
    ids=str,
)
def test_sequences(layer: nn.Module) -> None:
    check_same(layer, batch=2, shape=(3, 9))


@pytest.mark.parametrize("factor", [0.3, 0.77, 1.1, 1.9, 2.6])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_the_pixels_that_torch_takes(mode: str, factor: float) -> None:
    def resized(x: torch.Tensor) -> torch.Tensor:
        return functional.interpolate(x, scale_factor=factor, mode=mode)

    check_same(Function(resized), shape=(2, 19, 31))
