"""U-Net (Ronneberger et al., 2015) with three ways of enlarging maps."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class DoubleConv(nn.Sequential):
    """Two padded 3x3 convolutions, each with batch-norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, between: int | None = None) -> None:
        between = between or outputs
        super().__init__(
            nn.Conv2d(inputs, between, 3, padding=1, bias=False),
            nn.BatchNorm2d(between),
            nn.ReLU(inplace=True),
            nn.Conv2d(between, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class UpTransposed(nn.Module):
    """Enlarges with a transposed convolution that halves the channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, inputs // 2, kernel_size=2, stride=2)
        self.conv = DoubleConv(inputs, outputs)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        return self.conv(torch.cat([skip, self.up(x)], dim=1))


class UpNearest(nn.Module):
    """Repeats each pixel."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.conv = DoubleConv(inputs, outputs, inputs // 2)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        return self.conv(torch.cat([skip, self.up(x)], dim=1))


class UpBilinear(nn.Module):
    """Interpolates to the size of the maps that it is joined with."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = DoubleConv(inputs, outputs, inputs // 2)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=False)
        return self.conv(torch.cat([skip, x], dim=1))


class UNet(nn.Module):
    """Halves the maps `depth` times and enlarges them again.

    The published network has width 64 and depth 4. Where `up` has no weights to change the number
    of channels, each level's convolutions return half of it.
    """

    def __init__(
        self,
        up: type[nn.Module],
        channels: int = 3,
        classes: int = 2,
        width: int = 64,
        depth: int = 4,
    ) -> None:
        super().__init__()
        halving = 1 if up is UpTransposed else 2
        widths = [width << level for level in range(depth + 1)]
        widths[-1] //= halving
        self.inc = DoubleConv(channels, width)
        self.downs = nn.ModuleList(
            nn.Sequential(nn.MaxPool2d(2), DoubleConv(widths[level], widths[level + 1]))
            for level in range(depth)
        )
        after = [width << level for level in range(depth)]
        after = [after[0], *(size // halving for size in after[1:])]
        self.ups = nn.ModuleList(up(width << (level + 1), after[level]) for level in range(depth))
        self.outc = nn.Conv2d(width, classes, kernel_size=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = [self.inc(x)]
        for down in self.downs:
            skips.append(down(skips[-1]))
        x = skips.pop()
        for up in reversed(self.ups):
            x = up(x, skips.pop())
        return self.outc(x)
