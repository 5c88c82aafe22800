"""Modules with Quantize and Dequantize, as PyTorch writes quantized models (PT2E)."""

from __future__ import annotations

import numpy as np
import torch
import torch.ao.quantization.fx._decomposed
from torch import Tensor, nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute_exact import run_graph
from modelgen.ir.graph import Contract, Graph
from modelgen.passes.integers.fuse import fuse_integers

_LIMITS = (-128, 127, torch.int8)
Scale = tuple[float, int]


def quantized(x: Tensor, scale: Scale) -> Tensor:
    """Return numbers as integers."""
    made: Tensor = torch.ops.quantized_decomposed.quantize_per_tensor(x, *scale, *_LIMITS)
    return made


def dequantized(x: Tensor, scale: Scale) -> Tensor:
    """Return integers as numbers."""
    made: Tensor = torch.ops.quantized_decomposed.dequantize_per_tensor(x, *scale, *_LIMITS)
    return made


def both(x: Tensor, scale: Scale) -> Tensor:
    """Return numbers as their nearest integers stand for."""
    return dequantized(quantized(x, scale), scale)


class Weight(nn.Module):
    """A weight that is kept as integers, with a scale for each of its first dimension."""

    def __init__(self, *shape: int, seed: int = 1) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        integers = torch.randint(-127, 128, shape, generator=generator).to(torch.int8)
        self.register_buffer("integers", integers)
        self.register_buffer("scales", torch.rand(shape[0], generator=generator) * 0.01 + 0.001)
        self.register_buffer("zeros", torch.zeros(shape[0], dtype=torch.int64))

    def forward(self) -> Tensor:
        """Return the weight in FP32."""
        made: Tensor = torch.ops.quantized_decomposed.dequantize_per_channel(
            self.integers, self.scales, self.zeros, 0, *_LIMITS
        )
        return made


def results(graph: Graph, values: np.ndarray) -> np.ndarray:
    """Return the outputs of a graph for inputs in PyTorch's order, a row for each."""
    order = graph.orders.get(graph.inputs[0], tuple(range(values.ndim)))
    return run_graph(graph, values.transpose(order).reshape(len(values), -1), 8)


def graph_of(module: nn.Module, *features: int, contract: Contract = Contract.EXACT) -> Graph:
    """Return the graph of integers of a module with one input."""
    return fuse_integers(import_model(module, features, 1), contract)
