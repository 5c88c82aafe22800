"""MLP-Mixer (Tolstikhin et al., 2021)."""

from __future__ import annotations

import torch
from torch import nn


class MixerBlock(nn.Module):
    """Linear layers over the tokens, then over the channels."""

    def __init__(self, tokens: int, channels: int, tokens_mlp: int, channels_mlp: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.mix_tokens = self.mlp(tokens, tokens_mlp)
        self.norm2 = nn.LayerNorm(channels)
        self.mix_channels = self.mlp(channels, channels_mlp)

    @staticmethod
    def mlp(size: int, hidden: int) -> nn.Sequential:
        return nn.Sequential(nn.Linear(size, hidden), nn.GELU(), nn.Linear(hidden, size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.mix_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mix_channels(self.norm2(x))


class MLPMixer(nn.Module):
    """Patches of an image as tokens. The published S/16 has 512 channels and 8 blocks."""

    def __init__(self, side: int, patch: int, classes: int, channels: int, depth: int) -> None:
        super().__init__()
        tokens = (side // patch) ** 2
        self.stem = nn.Conv2d(3, channels, patch, stride=patch)
        self.blocks = nn.Sequential(
            *(MixerBlock(tokens, channels, channels // 2, 4 * channels) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        batch, channels, rows, columns = x.shape
        x = x.reshape(batch, channels, rows * columns).permute(0, 2, 1)
        return self.head(self.norm(self.blocks(x)).mean(dim=1))
