"""Elements that indices choose."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.node import FileNode


def chosen(node: FileNode, data: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Return chosen elements along an axis, or rows of a table of an embedding.

    Args:
        node: whose first input is the data, the second the indices.
        data: any tensor.
        indices: of any shape; negative ones count from the end.
        axis: of the data.

    Raises:
        RefusedError: neither are the indices constant, nor the data a constant table.
    """
    axis = node.axis(axis, data.dim())
    if 1 in node.constants:
        return _constant(node, data, axis)
    if 0 not in node.constants or axis != 0:
        node.refuse(
            f"has indices, '{node.inputs[1]}', that depend on the model's input",
            "Only rows of a constant table can be chosen so, as in an embedding.",
        )
    rows = F.embedding(indices, data.reshape(data.shape[0], -1))
    return rows.reshape(*indices.shape, *data.shape[1:])


def _constant(node: FileNode, data: Tensor, axis: int) -> Tensor:
    """Return the elements at constant indices along an axis."""
    shape, size = node.constants[1].shape, data.shape[axis]
    indices = node.ints(1, "list of indices")
    wrong = [index for index in indices if not -size <= index < size]
    if wrong:
        node.refuse(f"has the index {wrong[0]}, of {size} elements along dimension {axis}")
    if not shape:
        return torch.select(data, axis, indices[0] % size)
    taken = torch.index_select(data, axis, torch.tensor([index % size for index in indices]))
    return taken.reshape(*data.shape[:axis], *shape, *data.shape[axis + 1 :])
