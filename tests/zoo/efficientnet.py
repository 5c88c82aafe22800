"""EfficientNet-B0 (Tan and Le, 2019)."""

from __future__ import annotations

import torch
from torch import nn

from tests.zoo.excitation import SqueezeExcitation


class MBConv(nn.Module):
    """An inverted residual with SiLU and squeeze-and-excitation."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.has_skip = stride == 1 and inputs == outputs
        self.expand = nn.Identity()
        if expansion != 1:
            self.expand = nn.Sequential(
                nn.Conv2d(inputs, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.SiLU()
            )
        self.depthwise = nn.Sequential(
            nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.SiLU(),
        )
        self.excitation = SqueezeExcitation(hidden, inputs // 4, nn.SiLU, nn.Sigmoid)
        self.project = nn.Sequential(
            nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.project(self.excitation(self.depthwise(self.expand(x))))
        if self.has_skip:
            y = y + x
        return y


class EfficientNetB0(nn.Module):
    """The base of the family, which the larger ones scale."""

    PLAN = (
        (1, 16, 1, 1, 3),
        (6, 24, 2, 2, 3),
        (6, 40, 2, 2, 5),
        (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5),
        (6, 320, 1, 1, 3),
    )
    """Expansion, channels, number of blocks, stride of the first, kernel."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.SiLU()
        )
        blocks = []
        channels = 32
        for expansion, outputs, count, stride, kernel in self.PLAN:
            for block in range(count):
                first = stride if block == 0 else 1
                blocks.append(MBConv(channels, outputs, kernel, first, expansion))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(
            nn.Conv2d(channels, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.SiLU()
        )
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(1280, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.head(self.blocks(self.stem(x)))
        x = x.mean((2, 3))
        return self.classifier(self.dropout(x))
