"""Dropout is dropped."""

from __future__ import annotations

from torch import nn

from modelgen.passes.drop_dropout import drop_dropout
from tests.support.imported import imported, operators


def test_drop_dropout() -> None:
    graph = imported(nn.Dropout(0.1), nn.Linear(6, 3), nn.Dropout(0.5), nn.Dropout(0.5))
    dropped = drop_dropout(graph)
    assert operators(dropped) == ["linear"]
    assert dropped.outputs == ("1",)
    assert set(dropped.tensors) == {*dropped.inputs, "1"}
