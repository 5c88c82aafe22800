"""Squeeze-and-excitation (Hu et al., 2018): each channel times a factor from all channels' means.

MobileNetV3 and EfficientNet use it with other functions.
"""

from __future__ import annotations

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    """Mean over the pixels, two 1x1 convolutions, product with the input."""

    def __init__(
        self,
        channels: int,
        squeezed: int,
        activation: type[nn.Module],
        gate: type[nn.Module],
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation = activation()
        self.gate = gate()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = self.activation(self.fc1(self.avgpool(x)))
        return self.gate(self.fc2(scale)) * x
