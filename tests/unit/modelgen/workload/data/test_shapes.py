"""Images of shapes: the same for the same seed; what their labels and masks say is in them."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.workload.data import shapes


def test_a_seed_gives_the_same_images() -> None:
    one, again, other = (shapes.classified(16, 6, 4, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.train_inputs, again.train_inputs)
    np.testing.assert_array_equal(one.test_labels, again.test_labels)
    assert (one.test_inputs != other.test_inputs).any()


def test_images_are_normalized_pixels() -> None:
    data = shapes.classified(24, 60, 40)
    assert data.train_inputs.shape == (60, 3, 24, 24) and data.test_inputs.shape == (40, 3, 24, 24)
    assert set(data.train_labels) == set(range(len(shapes.NAMES)))
    pixels = data.train_inputs * data.pixels.deviations[0] + data.pixels.means[0]
    assert -0.3 < pixels.min() < 0.1 and 0.8 < pixels.max() < 1.3


@pytest.mark.parametrize("shape", range(len(shapes.NAMES)))
def test_shapes_are_brighter_than_the_background(shape: int) -> None:
    image, mask = shapes._draw(np.random.default_rng(shape), 48, [shape])
    inside = mask > 0
    assert set(mask[inside]) == {shape + 1}
    assert 0.03 < inside.mean() < 0.4
    assert image[:, inside].mean() > image[:, ~inside].mean() + 1


def test_shapes_differ() -> None:
    """At the same place, every two cover clearly different pixels."""
    v, u = np.mgrid[-1:1:64j, -1:1:64j]
    covered = [inside(u, v) for inside in shapes._SHAPES]
    for index, one in enumerate(covered):
        for other in covered[:index]:
            assert (one ^ other).sum() > 0.15 * (one | other).sum()


def test_masks_have_the_classes_asked_for() -> None:
    data = shapes.segmented(32, 3, 30, 20)
    assert data.test_masks.shape == (20, 32, 32) and data.train_masks.shape == (30, 32, 32)
    assert set(np.unique(data.train_masks)) == {0, 1, 2, 3}
    assert data.test_labels is None
    several = [len(np.unique(mask)) > 2 for mask in data.train_masks]
    assert any(several) and not all(several)


def test_intersection_over_union() -> None:
    masks = np.array([[0, 0, 1, 1], [0, 0, 1, 2]])
    assert shapes.mean_intersection_over_union(masks, masks, 3) == 1.0
    found = np.array([[0, 0, 1, 1], [0, 1, 1, 1]])
    wanted = (3 / 4 + 3 / 5 + 0) / 3
    assert shapes.mean_intersection_over_union(found, masks, 3) == pytest.approx(wanted)
    # A class that is nowhere does not count.
    assert shapes.mean_intersection_over_union(found, masks, 5) == pytest.approx(wanted)
