"""A transformer encoder (Vaswani et al., 2017) for keywords, of PyTorch's own layers."""

from __future__ import annotations

import torch
from torch import nn


class TransformerKeywords(nn.Module):
    """Frames of features become tokens; the mean of what the encoder returns is classified."""

    def __init__(
        self,
        frames: int = 49,
        features: int = 10,
        width: int = 64,
        heads: int = 4,
        layers: int = 2,
        classes: int = 12,
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.position = nn.Parameter(torch.zeros(1, frames, width))
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers)
        self.classifier = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x) + self.position
        return self.classifier(self.encoder(x).mean(dim=1))
