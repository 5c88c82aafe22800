"""Feature maps have their channels last on the device: (batch, rows, columns, channels).

PyTorch has them second: (batch, channels, rows, columns).
"""

from __future__ import annotations

import numpy as np


def to_layout(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape of PyTorch with the channels of feature maps last."""
    return (shape[0], *shape[2:], shape[1]) if len(shape) == 4 else shape


def values_to_layout(values: np.ndarray) -> np.ndarray:
    """Return inputs as the graph takes them: with the channels of feature maps last."""
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1)) if values.ndim == 4 else values
