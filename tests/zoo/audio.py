"""Networks of 1-D convolutions on audio: M5 (Dai et al., 2016), and one in the style of WaveNet."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class M5(nn.Module):
    """Keywords from the waveform: four convolutions, the first with a kernel of 80 samples."""

    def __init__(self, classes: int = 35, width: int = 32, stride: int = 16) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(1, width, kernel_size=80, stride=stride)
        self.bn1 = nn.BatchNorm1d(width)
        self.pool1 = nn.MaxPool1d(4)
        self.conv2 = nn.Conv1d(width, width, kernel_size=3)
        self.bn2 = nn.BatchNorm1d(width)
        self.pool2 = nn.MaxPool1d(4)
        self.conv3 = nn.Conv1d(width, 2 * width, kernel_size=3)
        self.bn3 = nn.BatchNorm1d(2 * width)
        self.pool3 = nn.MaxPool1d(4)
        self.conv4 = nn.Conv1d(2 * width, 2 * width, kernel_size=3)
        self.bn4 = nn.BatchNorm1d(2 * width)
        self.pool4 = nn.MaxPool1d(4)
        self.fc1 = nn.Linear(2 * width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool1(F.relu(self.bn1(self.conv1(x))))
        x = self.pool2(F.relu(self.bn2(self.conv2(x))))
        x = self.pool3(F.relu(self.bn3(self.conv3(x))))
        x = self.pool4(F.relu(self.bn4(self.conv4(x))))
        x = F.avg_pool1d(x, x.shape[-1])
        x = x.permute(0, 2, 1)
        return F.log_softmax(self.fc1(x), dim=2)


class GatedLayer(nn.Module):
    """A dilated causal convolution with a gate; what it adds to the sequence, and to the skips."""

    def __init__(self, channels: int, skips: int, dilation: int) -> None:
        super().__init__()
        self.reach = dilation
        self.conv = nn.Conv1d(channels, 2 * channels, kernel_size=2, dilation=dilation)
        self.residual = nn.Conv1d(channels, channels, kernel_size=1)
        self.skip = nn.Conv1d(channels, skips, kernel_size=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        signal, gate = self.conv(F.pad(x, (self.reach, 0))).chunk(2, dim=1)
        y = torch.tanh(signal) * torch.sigmoid(gate)
        return x + self.residual(y), self.skip(y)


class WaveNet(nn.Module):
    """Layers whose dilation doubles, and the sum of their skips; one result for each sample."""

    def __init__(self, inputs: int, channels: int, skips: int, outputs: int, layers: int) -> None:
        super().__init__()
        self.start = nn.Conv1d(inputs, channels, kernel_size=1)
        self.layers = nn.ModuleList(
            GatedLayer(channels, skips, 2**layer) for layer in range(layers)
        )
        self.end1 = nn.Conv1d(skips, skips, kernel_size=1)
        self.end2 = nn.Conv1d(skips, outputs, kernel_size=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.start(x)
        total = 0
        for layer in self.layers:
            x, skip = layer(x)
            total = total + skip
        return self.end2(F.relu(self.end1(F.relu(total))))
