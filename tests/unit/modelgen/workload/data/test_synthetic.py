"""Synthetic data: the same for the same seed, and with something to learn in it."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.workload.data import synthetic
from modelgen.workload.data.synthetic import patterns


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic, "TRAIN", 600)
    monkeypatch.setattr(synthetic, "TEST", 200)


def test_a_seed_gives_the_same_data() -> None:
    one, again, other = (patterns("x", (1, 8, 8), 3, seed, "why") for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.test_inputs, again.test_inputs)
    np.testing.assert_array_equal(one.train_labels, again.train_labels)
    assert (one.test_inputs != other.test_inputs).any()
    assert (one.name, one.note) == ("synthetic patterns for x", "why")


def test_shapes_and_scale() -> None:
    data = patterns("x", (3, 8, 6), 4, 0, "")
    assert data.train_inputs.shape == (600, 3, 8, 6) and len(data.test_inputs) == 200
    assert data.train_inputs.dtype == np.float32
    assert set(data.train_labels) == set(range(4))
    assert abs(data.train_inputs.mean()) < 0.1 and 0.7 < data.train_inputs.std() < 1.4


def test_classes_can_be_told_apart() -> None:
    """By the nearest training example: far more often than by chance."""
    data = patterns("x", (1, 8, 8), 4, 0, "")
    train, test = (x.reshape(len(x), -1) for x in (data.train_inputs, data.test_inputs))
    distances = ((test[:, None] - train[None]) ** 2).sum(axis=2)
    guessed = data.train_labels[distances.argmin(axis=1)]
    assert (guessed == data.test_labels).mean() > 0.5
