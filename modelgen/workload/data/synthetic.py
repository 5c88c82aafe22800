"""Seeded synthetic data with learnable structure, for when no real data is available.

Each class has a few smooth random patterns. An example is one of them, shifted, amplified or
attenuated, mixed with some of another class's pattern, and with noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelgen.workload.data import Data
from modelgen.workload.data.images import bilinear_matrix

TRAIN, TEST = 6000, 1000
"""Number of examples for training and for testing."""

_PATTERNS = 3
"""Number of patterns per class."""
_COARSE = 5
"""Random values along each side of a pattern, before it is enlarged to full size."""
_SHIFT = 3
"""Largest shift, in pixels; images wrap around."""
_MIXED = 0.4
"""Largest share of another class's pattern."""
_NOISE = 0.8


def patterns(name: str, shape: Sequence[int], classes: int, seed: int, note: str) -> Data:
    """Return examples with a mean of about 0 and a deviation of about 1.

    Args:
        name: name of the data set that they replace.
        shape: channels, rows and columns of one example.
        classes: number of classes.
        seed: the same seed gives the same data.
        note: message for the user that says why they are used.
    """
    generator = np.random.default_rng(seed)
    smooth = _smooth_fields(generator, classes * _PATTERNS, shape)
    labels = generator.integers(0, classes, TRAIN + TEST)
    inputs = _examples(generator, smooth.reshape(classes, _PATTERNS, *shape), labels)
    return Data(
        f"synthetic patterns for {name}",
        inputs[:TEST],
        labels[:TEST],
        inputs[TEST:],
        labels[TEST:],
        note,
    )


def _smooth_fields(generator: np.random.Generator, count: int, shape: Sequence[int]) -> np.ndarray:
    channels, rows, columns = shape
    coarse = generator.standard_normal((count, channels, _COARSE, _COARSE)).astype(np.float32)
    fields = bilinear_matrix(_COARSE, rows) @ coarse @ bilinear_matrix(_COARSE, columns).T
    fields -= fields.mean(axis=(1, 2, 3), keepdims=True)
    return fields / fields.std(axis=(1, 2, 3), keepdims=True)


def _examples(generator: np.random.Generator, smooth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return one example for each label; the first axes of `smooth` are classes and patterns."""
    count, classes = len(labels), len(smooth)
    others = (labels + generator.integers(1, classes, count)) % classes
    images = smooth[labels, generator.integers(0, _PATTERNS, count)]
    mixed = smooth[others, generator.integers(0, _PATTERNS, count)]
    share = generator.uniform(0, _MIXED, (count, 1, 1, 1)).astype(np.float32)
    strength = generator.uniform(0.7, 1.3, (count, 1, 1, 1)).astype(np.float32)
    images *= strength * (1 - share)
    mixed *= strength * share
    images += mixed
    noise = generator.standard_normal(images.shape, np.float32)
    noise *= np.float32(_NOISE)
    noise += _shifted(generator, images)
    return noise


def _shifted(generator: np.random.Generator, images: np.ndarray) -> np.ndarray:
    """Return each image shifted by up to _SHIFT pixels in both directions."""
    moved = np.empty_like(images)
    shifts = generator.integers(-_SHIFT, _SHIFT + 1, (len(images), 2))
    for down in range(-_SHIFT, _SHIFT + 1):
        for across in range(-_SHIFT, _SHIFT + 1):
            chosen = (shifts == (down, across)).all(axis=1)
            moved[chosen] = np.roll(images[chosen], (down, across), axis=(2, 3))
    return moved
