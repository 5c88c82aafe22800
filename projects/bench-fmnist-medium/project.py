"""Classifies 15 x 15 images of clothes: two convolutions and a linear layer."""

from pathlib import Path

from torch import nn

from modelgen.workload.data import Data, fashion_mnist
from modelgen.workload.data.images import resize

settings = {
    "inputs": 5,
    "softmax": True,
    "training": {"steps": 1500, "batch": 64, "learning_rate": 3e-3},
}


def model() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.Conv2d(16, 6, 4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(384, 10),
    )


def data(folder: Path) -> Data:
    return resize(fashion_mnist.load(folder), 15, 15)
