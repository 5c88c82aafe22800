"""PointNet without its input transforms (Qi et al., 2017): "vanilla" in the paper's table."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn


class PointNet(nn.Module):
    """The same layers for every point, then the maximum over the points; input (batch, points, 3).

    `last` is the number of features of a point, 1024 in the paper.
    """

    def __init__(self, classes: int = 40, last: int = 1024) -> None:
        super().__init__()
        sizes = (3, 64, 64, 64, 128, last)
        self.convs = nn.ModuleList(nn.Conv1d(before, after, 1) for before, after in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(size) for size in sizes[1:])
        self.fc1 = nn.Linear(last, last // 2)
        self.bn1 = nn.BatchNorm1d(last // 2)
        self.fc2 = nn.Linear(last // 2, last // 4)
        self.bn2 = nn.BatchNorm1d(last // 4)
        self.dropout = nn.Dropout(0.3)
        self.fc3 = nn.Linear(last // 4, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(2, 1)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.relu(norm(conv(x)))
        x = torch.max(x, 2)[0]
        x = F.relu(self.bn1(self.fc1(x)))
        x = F.relu(self.bn2(self.dropout(self.fc2(x))))
        return self.fc3(x)
