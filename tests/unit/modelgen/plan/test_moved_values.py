"""Networks that move, resize, pool and choose values: what the device gives is right."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.hardware import Hardware
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, Function, check_device


def conv(inputs: int, outputs: int, **settings: object) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, **settings)


def split(x: torch.Tensor, one: nn.Module, two: nn.Module) -> torch.Tensor:
    """As in ShuffleNet: half of the channels go through a layer, and all are shuffled."""
    left, right = one(x).chunk(2, 1)
    return functional.channel_shuffle(torch.cat([left, two(right)], 1), 2)


def upsampled(x: torch.Tensor, one: nn.Module, two: nn.Module, mode: str) -> torch.Tensor:
    """As in U-Net."""
    small = functional.max_pool2d(one(x), 2)
    large = functional.interpolate(small, scale_factor=2, mode=mode)
    return two(torch.cat([x, large], 1))


def nearest(x: torch.Tensor, one: nn.Module, two: nn.Module) -> torch.Tensor:
    return upsampled(x, one, two, "nearest")


def bilinear(x: torch.Tensor, one: nn.Module, two: nn.Module) -> torch.Tensor:
    return upsampled(x, one, two, "bilinear")


def tokens(x: torch.Tensor, patches: nn.Module, layer: nn.Module) -> torch.Tensor:
    """As in a vision transformer: a class token before those of the patches."""
    rows = patches(x).flatten(2).transpose(1, 2)
    first = torch.full((1, 1, 4), 0.5).expand(len(x), -1, -1)
    return layer(torch.cat([first, rows], 1))[:, 0]


def windows(x: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    """As in a Swin transformer: shifted windows of a map."""
    turned = x.roll((-1, -2), (2, 3)).unflatten(3, (2, 4)).unflatten(2, (3, 2))
    rows = layer(turned.permute(0, 2, 4, 3, 5, 1).flatten(1, 2))
    return rows.flip(1)


MODELS = {
    "reflect": (nn.Sequential(conv(3, 4, padding_mode="reflect"), conv(4, 2)), (3, 6, 8)),
    "split": (Function(split, conv(3, 4), conv(2, 2)), (3, 6, 8)),
    "nearest": (Function(nearest, conv(3, 4), conv(7, 2)), (3, 6, 8)),
    "bilinear": (Function(bilinear, conv(3, 4), conv(7, 2)), (3, 6, 8)),
    "tokens": (Function(tokens, nn.Conv2d(3, 4, 2, 2), nn.Linear(4, 5)), (3, 6, 8)),
    "windows": (Function(windows, nn.Linear(3, 4)), (3, 6, 8)),
    "shuffle": (nn.Sequential(conv(3, 8), nn.PixelShuffle(2), conv(2, 3)), (3, 6, 8)),
    "adaptive": (
        nn.Sequential(conv(3, 4), nn.AdaptiveAvgPool2d((4, 5)), nn.AdaptiveMaxPool2d(3)),
        (3, 6, 8),
    ),
    "dilated": (nn.Sequential(conv(3, 4), nn.MaxPool2d(2, 1, dilation=2)), (3, 6, 8)),
    "cut": (nn.Sequential(conv(3, 4), nn.AvgPool2d(3, 2, 1, True, False)), (3, 6, 8)),
    "stack": (
        Function(
            lambda x, one: one(torch.stack([x[:, :2], x[:, 1:]], 2).flatten(1, 2)), conv(4, 2)
        ),
        (3, 6, 8),
    ),
    "rows": (Function(lambda x, one: torch.cat([one(x), x], 2), conv(3, 3)), (3, 6, 8)),
    "repeat": (
        Function(lambda x, one: one(x.repeat(1, 2, 1, 1)).repeat_interleave(2, 3), conv(6, 2)),
        (3, 6, 8),
    ),
    "unfold": (Function(lambda x, one: one(x.unfold(1, 4, 2)), nn.Linear(4, 3)), (10,)),
    "upsampled-sequence": (
        nn.Sequential(nn.Conv1d(3, 4, 3), nn.Upsample(scale_factor=2.5, mode="linear")),
        (3, 9),
    ),
    "embedding": (
        Function(
            lambda x, table, one: one(table(functional.relu6(2 * x).long())),
            nn.Embedding(7, 4),
            nn.Linear(4, 3),
        ),
        (5,),
    ),
}


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", MODELS)
def test_the_device_gives_what_the_module_gives(name: str, batch: int, hardware: Hardware) -> None:
    model, shape = MODELS[name]
    check_device(model, shape, batch, hardware)
