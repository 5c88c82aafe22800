"""MobileNetV2 of width 0.35: classifies 96 x 96 color images of ten shapes."""

from pathlib import Path

import torch
from torch import nn

from modelgen.workload.data import Data, shapes

settings = {
    "inputs": 2,
    "softmax": True,
    "training": {"steps": 800, "batch": 16, "learning_rate": 5e-3},
}

PLAN = (
    (1, 8, 1, 1),
    (6, 8, 2, 2),
    (6, 16, 3, 2),
    (6, 24, 4, 2),
    (6, 32, 3, 1),
    (6, 56, 3, 2),
    (6, 112, 1, 1),
)
"""Expansion, channels, number of blocks, stride of the first. The channels are those of the full
network times 0.35, rounded to multiples of 8."""


def convolution(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return a convolution and its batch-norm."""
    padding = kernel // 2
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
    return [layer, nn.BatchNorm2d(outputs)]


class Block(nn.Module):
    """Expansion, depthwise convolution, projection; added to the input where the sizes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        expand = [] if expansion == 1 else [*convolution(inputs, hidden), nn.ReLU6()]
        depthwise = [*convolution(hidden, hidden, 3, stride, groups=hidden), nn.ReLU6()]
        self.layers = nn.Sequential(*expand, *depthwise, *convolution(hidden, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layers(x)
        return x + y if self.adds else y


def model() -> nn.Module:
    channels = 16
    layers = [*convolution(3, channels, 3, 2), nn.ReLU6()]
    for expansion, outputs, blocks, stride in PLAN:
        for block in range(blocks):
            layers.append(Block(channels, outputs, stride if block == 0 else 1, expansion))
            channels = outputs
    layers += [*convolution(channels, 1280), nn.ReLU6()]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 10)
    )


def data(folder: Path) -> Data:
    return shapes.classified(96, train=1600, test=400)
