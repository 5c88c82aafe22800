"""Embeddings of ids that are inputs."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from tests.support.refused import check_message


class Tokens(nn.Module):
    """Rows of a table, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.layer = nn.Embedding(7, 4), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(self.table(x.long()))


def test_ids_are_numbers() -> None:
    torch.manual_seed(0)
    model = Tokens()
    graph = import_model(model, (5,), 2)
    ids = np.random.default_rng(0).integers(0, 7, (4, 5)).astype(np.float32)
    wanted = model(torch.from_numpy(ids)).detach().numpy().reshape(4, -1)
    np.testing.assert_allclose(run_graph(graph, ids), wanted, atol=1e-5)


def test_conversions_for_anything_else_are_refused() -> None:
    class Halved(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.long().relu()

    check_message(Halved(), (5,), "converts torch.float32 to torch.int64")
