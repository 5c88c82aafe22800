"""Preparing a graph for quantization."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.passes.integers.prepare import prepare
from tests.support.float_layers import FEATURES, Residual, rows


def test_batch_norms_are_folded_and_nothing_else_is_merged() -> None:
    torch.manual_seed(0)
    graph = import_model(Residual(), FEATURES, 1)
    found = prepare(graph)
    names = [node.name for node in found.nodes if not node.operator.keeps_values]
    assert names == ["first.0", "first.2", "second", "add", "relu_1", "pool", "mean", "last"]
    given = rows(graph, 5)
    np.testing.assert_allclose(run_graph(found, given), run_graph(graph, given), atol=1e-5)
