"""Graphs imported from lists of layers, and a comparison of two graphs."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.ir.rewriter import Rewriter
from modelgen.operators import Permute


def operators(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes]


def imported(*layers: nn.Module, features: tuple[int, ...] = (6,), batch: int = 2) -> Graph:
    torch.manual_seed(0)
    return import_model(nn.Sequential(*layers), features, batch)


def maps(*layers: nn.Module) -> Graph:
    """Import layers that take maps of 3 channels, 8 x 6, with batch-norms that do something.

    The output is in the device's order: without the permutation at the end.
    """
    torch.manual_seed(0)
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2.0)
    graph = import_model(nn.Sequential(*layers), (3, 8, 6), 1)
    rewriter = Rewriter(graph)
    last = graph.nodes[-1]
    if isinstance(last.operator, Permute):
        rewriter.bypass(last)
    return rewriter.graph()


def check_same(one: Graph, other: Graph) -> None:
    assert one.orders == other.orders
    values = np.random.default_rng(0).standard_normal((3, 8, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(run_graph(one, values), run_graph(other, values), atol=1e-5)
