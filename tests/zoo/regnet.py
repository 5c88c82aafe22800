"""RegNet-X 200MF (Radosavovic et al., 2020)."""

from __future__ import annotations

import torch
from torch import nn


def convolution(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Return a convolution without bias and its batch-norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


class XBlock(nn.Module):
    """1x1, grouped 3x3 and 1x1 convolutions, and a projection where the size changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, group_width: int) -> None:
        super().__init__()
        changes = stride != 1 or inputs != outputs
        self.proj = convolution(inputs, outputs, 1, stride) if changes else None
        self.a = convolution(inputs, outputs)
        self.b = convolution(outputs, outputs, 3, stride, groups=outputs // group_width)
        self.c = convolution(outputs, outputs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.proj is None else self.proj(x)
        y = self.c(self.relu(self.b(self.relu(self.a(x)))))
        return self.relu(shortcut + y)


class RegNetX200MF(nn.Module):
    """Groups of 8 channels; 1, 1, 4 and 7 blocks."""

    PLAN = ((24, 1), (56, 1), (152, 4), (368, 7))
    """Channels and number of blocks of each stage."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(3, 32, 3, 2), nn.ReLU(inplace=True))
        channels = 32
        stages = []
        for outputs, blocks in self.PLAN:
            stage = [XBlock(channels, outputs, 2, 8)]
            stage += [XBlock(outputs, outputs, 1, 8) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(*stage))
            channels = outputs
        self.trunk = nn.Sequential(*stages)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.avgpool(self.trunk(self.stem(x)))
        return self.fc(x.flatten(start_dim=1))
