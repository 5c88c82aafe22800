"""VGG with six convolutions and a linear layer: classifies 32 x 32 color images."""

from pathlib import Path

from torch import nn

from modelgen.workload.data import Data, cifar10

settings = {
    "inputs": 2,
    "softmax": True,
    "training": {"steps": 600, "batch": 32, "learning_rate": 2e-3},
}


def convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]


def model() -> nn.Module:
    return nn.Sequential(
        *convolution(3, 32),
        *convolution(32, 32),
        nn.MaxPool2d(2),
        *convolution(32, 64),
        *convolution(64, 64),
        nn.MaxPool2d(2),
        *convolution(64, 128),
        *convolution(128, 128),
        nn.Flatten(),
        nn.Linear(8192, 10),
    )


def data(folder: Path) -> Data:
    return cifar10.load(folder)
