"""Outputs of inferences, sorted by samples; it needs nothing but NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def by_sample(rows: np.ndarray, sizes: Sequence[int], batch: int) -> np.ndarray:
    """Return outputs with a row for each sample instead of each inference.

    Args:
        rows: of inferences; in each, the outputs follow each other, each for the whole batch.
        sizes: for each output, the number of values for a sample.
        batch: samples that one inference takes.

    Returns:
        Shape (inferences * batch, values): the outputs of a sample, one after another.
    """
    ends = np.cumsum(sizes)[:-1] * batch
    parts = np.split(rows, ends, axis=1)
    return np.concatenate([part.reshape(len(rows) * batch, -1) for part in parts], axis=1)
