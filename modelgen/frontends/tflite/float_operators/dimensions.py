"""Dimensions that an operator names, which count from the end if they are negative."""

from __future__ import annotations

from modelgen.frontends.nodes.node import FileNode


def axis_of(node: FileNode, position: int, rank: int) -> int:
    """Return the dimension that an input, which must be constant, names."""
    axes = axes_of(node, position, rank)
    if len(axes) != 1:
        node.refuse(f"names {len(axes)} dimensions instead of one")
    return axes[0]


def axes_of(node: FileNode, position: int, rank: int) -> list[int]:
    """Return the dimensions that an input, which must be constant, names, in order, each once."""
    named = node.ints(position, "list of dimensions")
    return sorted({node.axis(axis, rank) for axis in named})
