"""Outputs of inferences: their bits, and sorted by samples; it needs nothing but NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def words_of(values: np.ndarray) -> np.ndarray:
    """Return outputs as a device prints them: the bits of FP32, integers as 32-bit words, UINT32.

    Args:
        values: FP32 or INT8.
    """
    if values.dtype == np.int8:
        return values.astype(np.int32).view(np.uint32)
    return np.ascontiguousarray(values, np.float32).view(np.uint32)


def values_of(words: np.ndarray, element: str) -> np.ndarray:
    """Return outputs from the words that a device has printed.

    Args:
        words: UINT32.
        element: the outputs' type, "fp32" or "int8".
    """
    if element == "int8":
        return words.view(np.int32).astype(np.int8)
    return words.view(np.float32)


DTYPES: dict[str, np.dtype[Any]] = {"fp32": np.dtype("<f4"), "int8": np.dtype("i1")}
"""Type of values, as in model.json -> how the device has them in memory."""


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
