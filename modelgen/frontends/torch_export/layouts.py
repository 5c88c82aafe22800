"""Orders of dimensions: how a tensor of the device is laid out, relative to PyTorch.

A layout lists PyTorch's dimensions in the device's order: with (0, 2, 3, 1), feature maps of shape
(batch, channels, rows, columns) in PyTorch are (batch, rows, columns, channels) on the device.
"""

from __future__ import annotations

from collections.abc import Sequence

from modelgen.operators.base import Shape

Layout = tuple[int, ...]


def identity(rank: int) -> Layout:
    """Return PyTorch's own order."""
    return tuple(range(rank))


def channels_last(rank: int) -> Layout:
    """Return the order in which dimension 1, the channels, comes last."""
    return (0, *range(2, rank), 1) if rank > 2 else identity(rank)


def laid_out(shape: Shape, layout: Layout) -> Shape:
    """Return a shape in PyTorch as it is on the device."""
    return tuple(shape[axis] for axis in layout)


def relabelled(layout: Layout, axes: Sequence[int]) -> Layout:
    """Return the layout of a tensor's permutation, which leaves all values where they are.

    Args:
        layout: of the tensor.
        axes: its dimensions in their new order, as for `torch.permute`.
    """
    return tuple(list(axes).index(axis) for axis in layout)


def moves_nothing(shape: Shape, before: Layout, after: Layout) -> bool:
    """Return whether two layouts have the same values in the same places."""
    return [a for a in before if shape[a] > 1] == [a for a in after if shape[a] > 1]


def for_reshape(before: Shape, after: Shape, layout: Layout) -> tuple[Layout, Layout]:
    """Return the layouts before and after a reshape that moves as little as possible.

    A reshape splits and merges dimensions. Those that it merges have to be neighbours, in PyTorch's
    order; all others can be anywhere.

    Args:
        before: shape in PyTorch.
        after: shape in PyTorch after the reshape.
        layout: the layout before.

    Returns:
        The layout that the tensor must have, and the layout of the result, such that the reshape
        leaves the values where they are.
    """
    if 0 in before:
        return identity(len(before)), identity(len(after))
    position = {axis: place for place, axis in enumerate(layout)}
    groups = _groups(before, after)
    ordered = sorted(groups, key=lambda group: max(position[axis] for axis in group[0]))
    wanted, result = ([axis for group in ordered for axis in group[side]] for side in (0, 1))
    return _completed(wanted, before), _completed(result, after)


def _completed(order: Sequence[int], shape: Shape) -> Layout:
    """Return the most usual layout that has the dimensions larger than one in an order."""
    rank = len(shape)
    for usual in (identity(rank), channels_last(rank)):
        if [axis for axis in usual if shape[axis] > 1] == list(order):
            return usual
    return (*(axis for axis in range(rank) if shape[axis] == 1), *order)


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Return the smallest groups of dimensions larger than one that become each other."""
    left, right = (
        [(axis, size) for axis, size in enumerate(shape) if size > 1] for shape in (before, after)
    )
    groups: list[tuple[list[int], list[int]]] = []
    while left:
        group: tuple[list[int], list[int]] = ([left[0][0]], [right[0][0]])
        sizes = [left.pop(0)[1], right.pop(0)[1]]
        while sizes[0] != sizes[1]:
            side, rest = (0, left) if sizes[0] < sizes[1] else (1, right)
            axis, size = rest.pop(0)
            group[side].append(axis)
            sizes[side] *= size
        groups.append(group)
    return groups


def padded(layout: Layout, rank: int) -> Layout:
    """Return the layout of an operand that is broadcast to a higher rank: new dimensions first."""
    added = rank - len(layout)
    return (*range(added), *(axis + added for axis in layout))


def without_leading(layout: Layout, rank: int) -> Layout:
    """Return the layout of an operand of lower rank that fits one of higher rank when broadcast."""
    added = len(layout) - rank
    return tuple(axis - added for axis in layout if axis >= added)
