"""MNIST, and what replaces it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelgen.workload.data import mnist
from tests.support.idx_files import NOWHERE, as_published, contents


def test_files_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_published(mnist, monkeypatch)
    data = mnist.load(folder, NOWHERE)
    assert data.name == "MNIST" and not data.note
    assert data.train_inputs.shape == (20, 1, 28, 28)
    assert data.test_inputs.dtype == np.float32
    assert data.test_labels.shape == (6,)
    image = np.frombuffer(contents()["t10k-images-idx3-ubyte"], np.uint8, 784, 16)
    wanted = (image.reshape(28, 28) / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(data.test_inputs[0, 0], wanted, rtol=1e-5, atol=1e-5)


def test_environment_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEPSTOR_DATA", str(folder))
    assert mnist.load(folder / "elsewhere", NOWHERE).name == "MNIST"


def test_digits_replace_mnist_and_say_so(tmp_path: Path) -> None:
    data = mnist.load(tmp_path, NOWHERE)
    assert data.name == "scikit-learn digits"
    assert "cannot be downloaded" in data.note and "1,797" in data.note
    assert data.train_inputs.shape[1:] == data.test_inputs.shape[1:] == (1, 28, 28)
    assert len(data.train_inputs) + len(data.test_inputs) == 1797
    again = mnist.load(tmp_path, NOWHERE)
    np.testing.assert_array_equal(data.test_inputs, again.test_inputs)
