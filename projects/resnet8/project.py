"""ResNet-8, the image classifier of MLPerf Tiny: 32 x 32 color images."""

from pathlib import Path

import torch
from torch import nn

from modelgen.workload.data import Data, cifar10

settings = {
    "inputs": 2,
    "softmax": True,
    "training": {"steps": 1500, "batch": 32, "learning_rate": 3e-3},
}


class Block(nn.Module):
    """Two convolutions, added to the block's input; a 1x1 convolution where the size changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if stride == 1 else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(y)) + self.shortcut(x))


def model() -> nn.Module:
    start = (nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
    blocks = (Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2))
    return nn.Sequential(*start, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def data(folder: Path) -> Data:
    return cifar10.load(folder)
