"""Recurrent networks for keywords: frames of features, (batch, frames, features)."""

from __future__ import annotations

import torch
from torch import nn


class LSTMKeywords(nn.Module):
    """Two LSTM layers; the last frame's output is classified."""

    def __init__(self, features: int = 10, hidden: int = 64, classes: int = 12) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, num_layers=2, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])


class GRUKeywords(nn.Module):
    """One GRU layer; its state after the last frame is classified."""

    def __init__(self, features: int = 10, hidden: int = 64, classes: int = 12) -> None:
        super().__init__()
        self.gru = nn.GRU(features, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, state = self.gru(x.transpose(0, 1))
        return self.fc(state[-1])
