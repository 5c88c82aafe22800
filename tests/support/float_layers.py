"""Float graphs of small modules, prepared for quantization, and inputs for them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs
from modelgen.passes.integers.prepare import prepare

FEATURES = (2, 8, 8)


class Residual(nn.Module):
    """Convolutions with batch-norm and ReLU, a residual sum, poolings, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.last = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = self.pool(torch.relu(x + self.second(x)))
        return self.last(x.mean((2, 3)))


def residual(seed: int = 0) -> Graph:
    """Return the prepared graph of `Residual` with random values."""
    torch.manual_seed(seed)
    model = Residual()
    nn.init.normal_(model.first[1].running_mean, 0.0, 0.3)
    return prepare(import_model(model, FEATURES, 1))


def inputs(count: int, seed: int = 1) -> np.ndarray:
    """Return inputs of `Residual`."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(count, *FEATURES)).astype(np.float32)


def rows(graph: Graph, count: int, seed: int = 1) -> np.ndarray:
    """Return such inputs as the rows of inferences."""
    return pack_inputs(graph, [inputs(count, seed)])
