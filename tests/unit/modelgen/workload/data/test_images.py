"""Sizes of images, and synthetic patterns."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.workload.data import Data
from modelgen.workload.data.images import area_matrix, bilinear_matrix, crop, normalize, resize
from modelgen.workload.data.synthetic import patterns


def images(count: int = 3, channels: int = 2, side: int = 28) -> Data:
    values = np.random.default_rng(0).standard_normal((count, channels, side, side))
    return Data("noise", values, None, values[:1])


def test_a_whole_factor_averages_squares() -> None:
    data = images()
    small = resize(data, 14, 14)
    wanted = data.test_inputs.reshape(3, 2, 14, 2, 14, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(small.test_inputs, wanted, atol=1e-6)
    assert small.train_inputs.shape == (1, 2, 14, 14)
    assert small.name == "noise, 14 x 14"


@pytest.mark.parametrize(("old", "new"), [(28, 12), (28, 15), (28, 28), (5, 8)])
def test_each_new_pixel_is_the_mean_of_its_area(old: int, new: int) -> None:
    matrix = area_matrix(old, new)
    assert matrix.shape == (new, old) and (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(matrix.sum(axis=0), new / old, atol=1e-6)
    # The middle of what a new pixel covers, in old pixels.
    centres = (np.arange(new) + 0.5) * old / new
    means = matrix @ (np.arange(old) + 0.5)
    np.testing.assert_allclose(means, centres, atol=0.3 if new > old else 0.2)


def test_bilinear_matrix_keeps_straight_lines() -> None:
    line = bilinear_matrix(8, 28) @ np.arange(8, dtype=np.float32)
    inner = (np.arange(28) + 0.5) * 8 / 28 - 0.5
    np.testing.assert_allclose(line, np.clip(inner, 0, 7), atol=1e-5)


def test_crop_takes_the_middle() -> None:
    data = images(side=32)
    small = crop(data, 26, 24)
    np.testing.assert_array_equal(small.test_inputs, data.test_inputs[:, :, 3:29, 4:28])
    with pytest.raises(ModelError, match="32 x 32 pixels cannot be cropped to 33 x 33"):
        crop(data, 33, 33)


def test_normalize_is_by_channel() -> None:
    pixels = np.stack([np.full((4, 4), 0.5), np.full((4, 4), 0.75)])[None]
    found = normalize(pixels, (0.25, 0.25), (0.5, 0.25))
    assert found.dtype == np.float32
    assert found[0, :, 0, 0].tolist() == [0.5, 2.0]


def test_patterns_repeat_and_can_be_told_apart() -> None:
    one = patterns("x", (1, 12, 12), 4, 7, "note")
    two = patterns("x", (1, 12, 12), 4, 7, "note")
    other = patterns("x", (1, 12, 12), 4, 8, "note")
    np.testing.assert_array_equal(one.test_inputs, two.test_inputs)
    assert not np.array_equal(one.test_inputs, other.test_inputs)
    assert one.name == "synthetic patterns for x" and one.note == "note"
    assert abs(one.train_inputs.mean()) < 0.05 and 0.8 < one.train_inputs.std() < 1.6
    # The nearest example for training has the same class more often than chance, but not always.
    train, test = one.train_inputs.reshape(-1, 144), one.test_inputs.reshape(-1, 144)
    nearest = np.argmax(2 * test @ train.T - (train**2).sum(axis=1), axis=1)
    share = (one.train_labels[nearest] == one.test_labels).mean()
    assert 0.6 < share < 1.0
