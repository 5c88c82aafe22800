"""Autoencoders: the anomaly detector of MLPerf Tiny, and one with transposed convolutions."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class DenseAutoencoder(nn.Sequential):
    """The anomaly detector of MLPerf Tiny: spectra of machine sounds, squeezed to 8 values."""

    def __init__(self, inputs: int = 640, hidden: int = 128, code: int = 8) -> None:
        sizes = (inputs, *[hidden] * 4, code, *[hidden] * 4)
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.BatchNorm1d(after, eps=1e-3), nn.ReLU()]
        super().__init__(*layers, nn.Linear(hidden, inputs))


class ConvAutoencoder(nn.Module):
    """Images of 28 x 28 pixels: strided convolutions, then transposed ones back to the size."""

    def __init__(self, width: int = 16, code: int = 32) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.to_code = nn.Linear(2 * width * 49, code)
        self.from_code = nn.Linear(code, 2 * width * 49)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.encoder(x)
        code = self.to_code(maps.flatten(1))
        maps = torch.relu(self.from_code(code)).view(maps.shape)
        return self.decoder(maps)
