"""The pixels that RESIZE_NEAREST_NEIGHBOR takes."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.rounding import nearest_away


def nearest_pixels(pixels: int, size: int, align: bool, centers: bool) -> tuple[int, ...]:
    """Return the pixel that each of an axis' results is, as LiteRT computes it in FP32.

    Source: LiteRT, `tflite/kernels/internal/reference/resize_nearest_neighbor.h`.

    Args:
        pixels: of the axis.
        size: of the result.
        align: whether the corners keep their values.
        centers: whether pixels are at their centers, 0.5, 1.5 ...
    """
    one = np.float32(1.0)
    step = np.float32(pixels) / np.float32(size)
    if align and size > 1:
        step = np.float32(pixels - 1) / np.float32(size - 1)
    offset = one / 2 if centers else one * 0
    places = (np.arange(size, dtype=np.float32) + offset) * step
    chosen = nearest_away(places) if align else np.floor(places)
    return tuple(chosen.clip(0, pixels - 1).astype(int).tolist())
