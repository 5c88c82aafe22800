"""Data of one's own: what fits together, and what kinds it may have."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.errors import ModelError
from modelgen.workload.data import Data


def test_data_that_does_not_fit_together() -> None:
    images = np.zeros((3, 4), np.float32)
    with pytest.raises(ModelError, match="3 test inputs, but 2 labels"):
        Data("mine", images, np.zeros(2))
    with pytest.raises(ModelError, match="no test inputs"):
        Data("mine", images[:0])
    with pytest.raises(ModelError, match="training inputs have the shape"):
        Data("mine", images, np.zeros(3), np.zeros((3, 5)), np.zeros(3))


def test_data_of_wrong_kinds() -> None:
    images = np.zeros((3, 4), np.float32)
    with pytest.raises(ModelError, match="name, the first argument, is a ndarray"):
        Data(images, np.zeros(3))
    with pytest.raises(ModelError, match="no test inputs"):
        Data("mine", None)
    with pytest.raises(ModelError, match="test_inputs is not an array of numbers"):
        Data("mine", [["a", "b"]])
    with pytest.raises(ModelError, match="test_labels must be one integer per input"):
        Data("mine", images, np.full(3, 0.5))
    with pytest.raises(ModelError, match="test_labels must be one integer per input"):
        Data("mine", images, np.eye(3))
    with pytest.raises(ModelError, match="train_inputs contains values that are NaN"):
        Data("mine", images, None, np.full((3, 4), np.nan), np.zeros(3))


def test_data_may_be_tensors() -> None:
    data = Data("mine", torch.ones(3, 4, requires_grad=True), torch.tensor([0, 1, 2]))
    assert data.test_inputs.dtype == np.float32 and data.test_inputs.shape == (3, 4)
    assert data.test_labels.dtype == np.int64 and data.test_labels.tolist() == [0, 1, 2]
