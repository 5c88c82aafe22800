"""The passes before a float graph is quantized: each layer does one thing afterwards."""

from __future__ import annotations

from modelgen.ir.graph import Graph
from modelgen.passes.drop_dropout import drop_dropout
from modelgen.passes.drop_unused import drop_unused
from modelgen.passes.fold_affine import fold_affine
from modelgen.passes.fold_batch_norm import fold_batch_norm
from modelgen.passes.fold_movements import fold_movements
from modelgen.passes.fold_permute import fold_permute
from modelgen.passes.fold_reshape import fold_reshape

PREPARATIONS = (
    drop_unused,
    drop_dropout,
    fold_movements,
    fold_permute,
    fold_reshape,
    fold_batch_norm,
    fold_affine,
)
"""Passes that do not change the results, in order; none that fuses layers into others' stores,
where results have no scale of their own."""


def prepare(graph: Graph) -> Graph:
    """Apply all preparations."""
    for preparation in PREPARATIONS:
        graph = preparation(graph)
    return graph
