"""The passes that simplify a float graph without changing its results, and their order."""

from __future__ import annotations

from modelgen.ir.graph import Graph
from modelgen.passes.drop_dropout import drop_dropout
from modelgen.passes.drop_unused import drop_unused
from modelgen.passes.expand_transposed import expand_transposed
from modelgen.passes.fold_affine import fold_affine
from modelgen.passes.fold_batch_norm import fold_batch_norm
from modelgen.passes.fold_movements import fold_movements
from modelgen.passes.fold_permute import fold_permute
from modelgen.passes.fold_reshape import fold_reshape
from modelgen.passes.fuse_max_pool import fuse_max_pool
from modelgen.passes.fuse_pointwise import fuse_pointwise
from modelgen.passes.order_channels import order_channels
from modelgen.passes.pool_reductions import pool_reductions
from modelgen.passes.separate_outputs import separate_outputs
from modelgen.passes.use_store_path import use_store_path

SIMPLIFICATIONS = (
    drop_unused,
    drop_dropout,
    pool_reductions,
    fold_movements,
    fold_permute,
    fold_reshape,
    # Before what folds and fuses what it makes.
    use_store_path,
    fold_batch_norm,
    fold_affine,
    # Before fuse_pointwise, which would fuse an activation after a pooling into the pooling.
    fuse_max_pool,
    fuse_pointwise,
    fuse_max_pool,
    # Behind all that is folded or fused into the layers that they replace.
    expand_transposed,
    fold_movements,
    fold_permute,
    fold_reshape,
    # Behind fold_movements, which makes shuffles of channels selections.
    order_channels,
    separate_outputs,
)
"""Passes that do not change the results, in order."""


def simplify(graph: Graph) -> Graph:
    """Apply all simplifications."""
    for simplification in SIMPLIFICATIONS:
        graph = simplification(graph)
    return graph
