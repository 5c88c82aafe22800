"""Comparison of an imported graph with the module that it was imported from."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.ir.packing import pack_inputs

SHAPE = (4, 12, 9)


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: object) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def check_same(model: nn.Module, batch: int = 1, shape: tuple[int, ...] = SHAPE) -> Graph:
    """Import a model with seeded values, and compare its outputs with PyTorch's.

    Args:
        model: its batch-norms get statistics that do something.
        batch: inputs that one inference takes; two inferences are compared.
        shape: of one input.

    Returns:
        The graph, as imported.
    """
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.track_running_stats:
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            if module.affine:
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
    values = np.random.default_rng(0).standard_normal((2 * batch, *shape)).astype(np.float32)
    graph = import_model(model, shape, batch)
    with torch.no_grad():
        parts = torch.from_numpy(values).split(batch)
        wanted = np.stack([model.eval()(part).numpy().reshape(batch, -1) for part in parts])
    got = run_graph(graph, pack_inputs(graph, (values,)))
    np.testing.assert_allclose(got, wanted.reshape(2 * batch, -1), rtol=1e-4, atol=1e-5)
    return graph
