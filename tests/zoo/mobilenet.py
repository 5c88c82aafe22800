"""MobileNets: V1 as in MLPerf Tiny, V2 (Sandler et al., 2018), V3 (Howard et al., 2019)."""

from __future__ import annotations

import torch
from torch import nn

from tests.zoo.excitation import SqueezeExcitation


def rounded(channels: float) -> int:
    """Return a multiple of 8 near a number of channels, not more than a tenth below it."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


class MobileNetV1(nn.Module):
    """The visual wake words network of MLPerf Tiny; its convolutions have biases."""

    def __init__(self, classes: int = 2, width: float = 0.25) -> None:
        super().__init__()
        plan = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
        plan = (*plan, *[(512, 1)] * 5, (1024, 2), (1024, 1))
        channels = int(32 * width)
        layers = self.convolution(3, channels, 3, stride=2)
        for full, stride in plan:
            outputs = int(full * width)
            layers += self.convolution(channels, channels, 3, stride, groups=channels)
            layers += self.convolution(channels, outputs, 1)
            channels = outputs
        self.features = nn.Sequential(*layers)
        self.pool = nn.AvgPool2d(3)
        self.classifier = nn.Linear(channels, classes)

    @staticmethod
    def convolution(
        inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)
        return [convolution, nn.BatchNorm2d(outputs, eps=1e-3), nn.ReLU()]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.features(x))
        return self.classifier(x.view(x.size(0), -1)).softmax(dim=1)


class ConvNormActivation(nn.Sequential):
    """Convolution without bias, batch-norm, activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
        activation: type[nn.Module] | None = nn.ReLU6,
    ) -> None:
        padding = (kernel - 1) // 2
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
        )
        if activation is not None:
            self.append(activation())


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, projection; added to the input where the sizes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.adds = stride == 1 and inputs == outputs
        expand = [] if expansion == 1 else [ConvNormActivation(inputs, hidden, 1)]
        self.conv = nn.Sequential(
            *expand,
            ConvNormActivation(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    """Inverted residuals with linear bottlenecks; `width` multiplies the channels."""

    PLAN = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )
    """Expansion, channels, number of blocks, stride of the first."""

    def __init__(self, classes: int = 1000, width: float = 1.0) -> None:
        super().__init__()
        channels, last = rounded(32 * width), rounded(1280 * max(1.0, width))
        layers: list[nn.Module] = [ConvNormActivation(3, channels, stride=2)]
        for expansion, full, blocks, stride in self.PLAN:
            outputs = rounded(full * width)
            for block in range(blocks):
                first = stride if block == 0 else 1
                layers.append(InvertedResidual(channels, outputs, first, expansion))
                channels = outputs
        layers.append(ConvNormActivation(channels, last, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(torch.flatten(x, 1))


class MobileNetV3Block(nn.Module):
    """An inverted residual with its own kernel size and activation, with or without excitation."""

    def __init__(
        self,
        inputs: int,
        kernel: int,
        hidden: int,
        outputs: int,
        excited: bool,
        activation: type[nn.Module],
        stride: int,
    ) -> None:
        super().__init__()
        self.adds = stride == 1 and inputs == outputs
        layers: list[nn.Module] = []
        if hidden != inputs:
            layers.append(ConvNormActivation(inputs, hidden, 1, activation=activation))
        layers.append(ConvNormActivation(hidden, hidden, kernel, stride, hidden, activation))
        if excited:
            squeezed = rounded(hidden // 4)
            layers.append(SqueezeExcitation(hidden, squeezed, nn.ReLU, nn.Hardsigmoid))
        layers.append(ConvNormActivation(hidden, outputs, 1, activation=None))
        self.block = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result = self.block(x)
        if self.adds:
            result += x
        return result


class MobileNetV3Small(nn.Module):
    """The small one of the two networks of the paper."""

    PLAN = (
        (3, 16, 16, True, nn.ReLU, 2),
        (3, 72, 24, False, nn.ReLU, 2),
        (3, 88, 24, False, nn.ReLU, 1),
        (5, 96, 40, True, nn.Hardswish, 2),
        (5, 240, 40, True, nn.Hardswish, 1),
        (5, 240, 40, True, nn.Hardswish, 1),
        (5, 120, 48, True, nn.Hardswish, 1),
        (5, 144, 48, True, nn.Hardswish, 1),
        (5, 288, 96, True, nn.Hardswish, 2),
        (5, 576, 96, True, nn.Hardswish, 1),
        (5, 576, 96, True, nn.Hardswish, 1),
    )
    """Kernel, channels between, channels after, excitation, activation, stride."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        layers: list[nn.Module] = [ConvNormActivation(3, 16, stride=2, activation=nn.Hardswish)]
        channels = 16
        for kernel, hidden, outputs, excited, activation, stride in self.PLAN:
            block = MobileNetV3Block(channels, kernel, hidden, outputs, excited, activation, stride)
            layers.append(block)
            channels = outputs
        last = 6 * channels
        layers.append(ConvNormActivation(channels, last, 1, activation=nn.Hardswish))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(last, 1024),
            nn.Hardswish(inplace=True),
            nn.Dropout(p=0.2, inplace=True),
            nn.Linear(1024, classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))
