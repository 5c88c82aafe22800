"""Transformer encoder: two layers of 64 values, classifies spoken keywords of 49 frames."""

from pathlib import Path

import torch
from torch import nn

from modelgen.workload.data import Data, keywords

settings = {
    "inputs": 2,
    "softmax": True,
    "training": {"steps": 800, "batch": 32, "learning_rate": 2e-3},
}


class Transformer(nn.Module):
    """Frames are tokens; the mean of what the encoder returns for them is classified."""

    def __init__(self, width: int = 64, classes: int = 12) -> None:
        super().__init__()
        self.embed = nn.Linear(10, width)
        self.position = nn.Parameter(torch.randn(49, width) / 10)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.classify = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x.squeeze(1)) + self.position
        return self.classify(self.encoder(x).mean(dim=1))


def model() -> nn.Module:
    return Transformer()


def data(folder: Path) -> Data:
    return keywords.load(folder)
