"""Conversion to channels last, the device's order: (batch, rows, columns, channels).

PyTorch has them second: (batch, channels, rows, columns).
"""

from __future__ import annotations

import numpy as np


def to_layout(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a PyTorch shape with the channels of feature maps last."""
    return (shape[0], *shape[2:], shape[1]) if len(shape) == 4 else shape


def values_to_layout(values: np.ndarray) -> np.ndarray:
    """Return inputs in the graph's order: with the channels of feature maps last."""
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1)) if values.ndim == 4 else values


def values_from_layout(
    values: np.ndarray, maps: tuple[int, ...] | None, shape: tuple[int, ...]
) -> np.ndarray:
    """Return outputs of a graph, shape (inputs, outputs), in PyTorch's order.

    Args:
        values: the graph's outputs.
        maps: channels, rows and columns if they are feature maps, flattened or not; else None.
        shape: shape of one input's outputs in PyTorch.
    """
    if maps is not None:
        channels, rows, columns = maps
        values = values.reshape(-1, rows, columns, channels).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(values).reshape(len(values), *shape)
