"""Resizing, cropping and normalization of images.

Images are FP32 of shape (count, channels, rows, columns).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.data import Data
from modelgen.workload.data.deferred import change, replace


def normalize(
    pixels: np.ndarray, means: Sequence[float], deviations: Sequence[float]
) -> np.ndarray:
    """Return pixels in 0 .. 1 minus the channel's mean, divided by its deviation, as FP32."""
    mean = np.array(means, np.float32)[:, None, None]
    deviation = np.array(deviations, np.float32)[:, None, None]
    return ((pixels - mean) / deviation).astype(np.float32)


def resize(data: Data, rows: int, columns: int) -> Data:
    """Return the data with resized images.

    Each new pixel is the mean over the area of the old image that it covers, so that no pixel is
    skipped when images shrink, and no values are extrapolated when they grow.
    """

    def scale(images: np.ndarray) -> np.ndarray:
        down = area_matrix(images.shape[2], rows)
        across = area_matrix(images.shape[3], columns)
        return down @ images @ across.T

    return _with_images(data, scale, rows, columns)


def crop(data: Data, rows: int, columns: int) -> Data:
    """Return the data with each image cropped to its centre."""

    def cut(images: np.ndarray) -> np.ndarray:
        top, left = (images.shape[2] - rows) // 2, (images.shape[3] - columns) // 2
        if top < 0 or left < 0:
            size = f"{images.shape[2]} x {images.shape[3]}"
            raise ModelError(f"Images of {size} pixels cannot be cropped to {rows} x {columns}.")
        return images[:, :, top : top + rows, left : left + columns]

    return _with_images(data, cut, rows, columns)


def _with_images(
    data: Data, function: Callable[[np.ndarray], np.ndarray], rows: int, columns: int
) -> Data:
    if isinstance(data.test_inputs, tuple):
        raise ModelError(
            f"Data '{data.name}' has several inputs; only one of images can be resized."
        )
    train = change(data, "train_inputs", function)
    name = f"{data.name}, {rows} x {columns}"
    test = function(data.test_inputs)
    return replace(data, name=name, test_inputs=test, train_inputs=train)


def area_matrix(old: int, new: int) -> np.ndarray:
    """Return the (new, old) FP32 matrix that averages a line of `old` pixels into `new` ones."""
    edges = np.arange(new + 1) * (old / new)
    pixel = np.arange(old)
    begin = np.maximum(edges[:-1, None], pixel)
    end = np.minimum(edges[1:, None], pixel + 1)
    return (np.maximum(end - begin, 0) * (new / old)).astype(np.float32)


def bilinear_matrix(old: int, new: int) -> np.ndarray:
    """Return the (new, old) FP32 matrix that interpolates a line of `old` pixels to `new` ones."""
    position = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    left = np.minimum(position.astype(int), old - 2)
    share = position - left
    matrix = np.zeros((new, old), np.float32)
    matrix[np.arange(new), left] = 1 - share
    matrix[np.arange(new), left + 1] = share
    return matrix
