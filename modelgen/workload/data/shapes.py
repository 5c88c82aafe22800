"""Color images of geometric shapes, made from seeds: to be classified, or segmented.

A shape has any place, size and color, and is a little tilted. It is brighter than the background,
which is uneven; everything is noisy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelgen.workload.data import Data, Pixels
from modelgen.workload.data.deferred import Deferred
from modelgen.workload.data.images import bilinear_matrix

NAMES = (
    "disk", "square", "triangle", "ring", "frame", "cross", "star", "crescent", "half disk", "bars"
)  # fmt: skip
"""The shapes, in the order of their labels."""
PIXELS = Pixels((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))

_COARSE = 4
"""Random values along each side of a background, before it is enlarged to full size."""
_TILT = 0.2
"""Largest angle that a shape is turned by, in radians."""
_NOISE = 0.03
_SMALLEST, _LARGEST = 0.18, 0.34
"""Radius of a shape relative to the image's side."""
_MOST = 3
"""Most shapes in an image that is segmented."""


@dataclass(frozen=True)
class Segmented(Data):
    """Images with a class for each pixel in place of a label."""

    test_masks: np.ndarray | None = None
    """Integers, shape (count, rows, columns): 0 is background, then the shapes from 1 on."""
    train_masks: Deferred = Deferred()  # noqa: RUF009  (a descriptor)


def classified(side: int, train: int, test: int, seed: int = 0) -> Data:
    """Return images of one shape each, labeled with its index in NAMES.

    Args:
        side: rows and columns.
        train: number of images for training.
        test: number of images for testing.
        seed: the same seed gives the same images.
    """
    random = np.random.default_rng(seed)
    labels = random.integers(0, len(NAMES), train + test)

    def draw(chosen: np.ndarray) -> np.ndarray:
        return np.stack([_draw(random, side, [label])[0] for label in chosen])

    first, others = labels[:test], labels[test:]
    return Data("shapes", draw(first), first, lambda: draw(others), others, pixels=PIXELS)


def segmented(side: int, classes: int, train: int, test: int, seed: int = 0) -> Segmented:
    """Return images of up to three shapes, the later ones in front.

    Args:
        side: rows and columns.
        classes: number of different shapes, the first of NAMES.
        train: number of images for training.
        test: number of images for testing.
        seed: the same seed gives the same images.
    """
    random = np.random.default_rng(seed)

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        images, masks = [], []
        for _ in range(count):
            chosen = random.integers(0, classes, random.integers(1, _MOST + 1))
            image, mask = _draw(random, side, chosen)
            images.append(image)
            masks.append(mask)
        return np.stack(images), np.stack(masks)

    images, masks = draw(test)
    training = functools.cache(lambda: draw(train))
    return Segmented(
        "segmented shapes",
        images,
        train_inputs=lambda: training()[0],
        pixels=PIXELS,
        test_masks=masks,
        train_masks=lambda: training()[1],
    )


def mean_intersection_over_union(found: np.ndarray, masks: np.ndarray, classes: int) -> float:
    """Return the mean over the classes of (pixels in both) / (pixels in either).

    Args:
        found: the class of each pixel.
        masks: the right ones, in the same shape.
        classes: number of classes; those in neither array do not count.
    """
    both = np.bincount(masks[found == masks], minlength=classes)
    either = np.bincount(masks.ravel(), minlength=classes) - both
    either += np.bincount(found.ravel(), minlength=classes)
    return float((both[either > 0] / either[either > 0]).mean())


def _draw(
    random: np.random.Generator, side: int, shapes: list[int] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return an image, (3, rows, columns), and the class of each of its pixels."""
    coarse = random.uniform(0.0, 0.35, (3, _COARSE, _COARSE))
    enlarge = bilinear_matrix(_COARSE, side)
    image = enlarge @ coarse @ enlarge.T
    mask = np.zeros((side, side), np.int64)
    for shape in shapes:
        inside = _inside(random, side, int(shape))
        image = np.where(inside, random.uniform(0.6, 1.0, (3, 1, 1)), image)
        mask[inside] = shape + 1
    image += random.normal(0.0, _NOISE, image.shape)
    normalized = (image - PIXELS.means[0]) / PIXELS.deviations[0]
    return normalized.astype(np.float32), mask


def _inside(random: np.random.Generator, side: int, shape: int) -> np.ndarray:
    """Return which pixels belong to a shape of random place, size and tilt."""
    radius = random.uniform(_SMALLEST, _LARGEST)
    centre = random.uniform(radius, 1 - radius, 2)
    angle = random.uniform(-_TILT, _TILT)
    line = (np.arange(side) + 0.5) / side
    y, x = ((line - place) / radius for place in centre)
    u = x[None, :] * np.cos(angle) + y[:, None] * np.sin(angle)
    v = y[:, None] * np.cos(angle) - x[None, :] * np.sin(angle)
    return _SHAPES[shape](u, v)


def _largest(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the distance in which squares are circles."""
    return np.maximum(np.abs(u), np.abs(v))


def _star(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.hypot(u, v) < 0.68 + 0.32 * np.cos(5 * np.arctan2(v, u))


_SHAPES: tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], ...] = (
    lambda u, v: np.hypot(u, v) < 0.9,
    lambda u, v: _largest(u, v) < 0.75,
    lambda u, v: (v > -0.5) & (v < 1 - np.sqrt(3) * np.abs(u)),
    lambda u, v: np.abs(np.hypot(u, v) - 0.75) < 0.25,
    lambda u, v: np.abs(_largest(u, v) - 0.58) < 0.2,
    lambda u, v: (_largest(u, v) < 0.95) & (np.minimum(np.abs(u), np.abs(v)) < 0.28),
    _star,
    lambda u, v: (np.hypot(u, v) < 1) & (np.hypot(u - 0.5, v) > 0.75),
    lambda u, v: (np.hypot(u, v) < 1) & (u > 0.1),
    lambda u, v: (_largest(u, v) < 0.9) & (np.abs(v) > 0.35),
)
"""Whether a point belongs to a shape of radius 1, in the order of NAMES."""
