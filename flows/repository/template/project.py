"""Stripes in four directions, told apart by a small convolutional network.

A project has a model, data and settings. Change them to your own; the user guide says what they can
be.
"""

from pathlib import Path

import numpy as np
from torch import nn

from modelgen.workload.data import Data

# What differs from the defaults.
settings = {
    "inputs": 10,  # test inputs that are simulated
    "softmax": True,  # the model gives logits; the device also computes their softmax
    "training": {"steps": 300},  # batches; None: model() is used as it is
}

SIZE = 16  # pixels along each side of a picture


def model() -> nn.Module:
    """Return the network; its layers are quantized and compiled for the hardware."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 4),
    )


def data(folder: Path) -> Data:
    """Return images and labels; `folder` is where data sets are kept, and your own files can be.

    Inputs are FP32, of shape (count, channels, rows, columns); labels are class numbers.
    """
    inputs, labels = stripes(2500)
    test, train = slice(0, 500), slice(500, None)
    return Data("stripes", inputs[test], labels[test], inputs[train], labels[train])


def stripes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy pictures of stripes, and which of four directions each has."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, count)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    angles = (labels * np.pi / 4)[:, None, None]
    phases = generator.uniform(0, 2 * np.pi, (count, 1, 1))
    waves = np.sin(1.2 * (rows * np.cos(angles) + columns * np.sin(angles)) + phases)
    pictures = waves + 0.5 * generator.standard_normal(waves.shape)
    return pictures[:, None].astype(np.float32), labels
