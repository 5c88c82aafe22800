"""VGG-11 with batch-norm (Simonyan and Zisserman, 2015) for images of 32 x 32 pixels."""

from __future__ import annotations

import torch
from torch import nn


class VGG11(nn.Module):
    """Eight 3x3 convolutions with biases and batch-norm; one linear layer."""

    PLAN = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool", 512, 512, "pool")

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for item in self.PLAN:
            if isinstance(item, str):
                layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
                continue
            layers += [nn.Conv2d(channels, item, 3, padding=1), nn.BatchNorm2d(item), nn.ReLU(True)]
            channels = item
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.features(x)
        return self.classifier(out.reshape(out.shape[0], -1))
