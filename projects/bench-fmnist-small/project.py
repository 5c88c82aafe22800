"""Classifies 12 x 12 images of clothes, eight at a time: a perceptron of two layers."""

from pathlib import Path

from torch import nn

from modelgen.workload.data import Data, fashion_mnist
from modelgen.workload.data.images import resize

settings = {
    "inputs": 16,
    "batch": 8,
    "softmax": True,
    "training": {"steps": 2000, "batch": 128, "learning_rate": 5e-3},
}


def model() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(144, 20), nn.ReLU(), nn.Linear(20, 10))


def data(folder: Path) -> Data:
    return resize(fashion_mnist.load(folder), 12, 12)
