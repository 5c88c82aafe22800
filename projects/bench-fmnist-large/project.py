"""Classifies 28 x 28 images of clothes: three convolutions with batch-norm, a linear layer."""

from pathlib import Path

from torch import nn

from modelgen.workload.data import Data, fashion_mnist

settings = {
    "inputs": 3,
    "softmax": True,
    "training": {"steps": 1200, "batch": 64, "learning_rate": 3e-3},
}


def model() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 24, 3),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(24, 6, 4),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(384, 10),
    )


def data(folder: Path) -> Data:
    return fashion_mnist.load(folder)
