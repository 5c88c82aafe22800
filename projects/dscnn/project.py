"""DS-CNN, the keyword network of MLPerf Tiny: depthwise separable, 49 frames of 10 features."""

from pathlib import Path

from torch import nn

from modelgen.workload.data import Data, keywords

settings = {
    "inputs": 3,
    "softmax": True,
    "training": {"steps": 1000, "batch": 64, "learning_rate": 3e-3},
}


def norm() -> list[nn.Module]:
    return [nn.BatchNorm2d(64), nn.ReLU()]


def separable() -> list[nn.Module]:
    """Return a depthwise and a pointwise convolution."""
    depthwise = nn.Conv2d(64, 64, 3, padding=1, groups=64)
    return [depthwise, *norm(), nn.Conv2d(64, 64, 1), *norm()]


def model() -> nn.Module:
    start = [nn.Conv2d(1, 64, (10, 4), stride=2, padding=(5, 1)), *norm(), nn.Dropout(0.2)]
    middle = [layer for _ in range(4) for layer in separable()]
    end = [nn.Dropout(0.4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12)]
    return nn.Sequential(*start, *middle, *end)


def data(folder: Path) -> Data:
    return keywords.load(folder)
