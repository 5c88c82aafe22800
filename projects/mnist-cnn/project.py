"""Classifies 28 x 28 handwritten digits: two convolutions with batch-norm and max-pooling."""

from pathlib import Path

from torch import nn

from modelgen.workload.data import Data, mnist

settings = {
    "inputs": 5,
    "softmax": True,
    "training": {"steps": 1500, "batch": 64, "learning_rate": 3e-3},
}


def model() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(784, 10),
    )


def data(folder: Path) -> Data:
    return mnist.load(folder)
