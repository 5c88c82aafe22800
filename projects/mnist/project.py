"""Classifies 28 x 28 handwritten digits: a perceptron of three layers.

To make a project of your own, copy this folder and change model(), data() and the settings.
"""

from pathlib import Path

from torch import nn

from modelgen.workload.data import Data, mnist

settings = {
    "inputs": 10,  # test inputs that are simulated
    "batch": 1,  # inputs that one inference takes
    "softmax": True,  # the model gives logits; the device also computes their softmax
    "quantization": "per_channel",  # scales of the INT8 weights, or "per_tensor"
    "training": {"steps": 2000, "batch": 128, "learning_rate": 2e-3, "seed": 0},
}


def model() -> nn.Module:
    """Return the network; "checkpoint" in the settings would name a file with its weights."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 128),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def data(folder: Path) -> Data:
    """Return images and labels for training and for tests; `folder` is where data sets are kept."""
    return mnist.load(folder)
