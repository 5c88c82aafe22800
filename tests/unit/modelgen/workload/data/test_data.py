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


def test_integers_and_booleans_keep_their_type_for_the_model_to_choose() -> None:
    assert Data("mine", np.arange(6, dtype=np.uint8).reshape(3, 2)).test_inputs.dtype == np.uint8
    assert Data("mine", torch.ones(3, 4, dtype=torch.bool)).test_inputs.dtype == np.bool_
    data = Data("mine", [[1, 2], [3, 4]])
    assert data.as_types(["float32"]).test_inputs.dtype == np.float32
    assert data.as_types(["int64"]).test_inputs.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(("largest", "kind"), [(2**24, np.int64), (2**24 + 1, np.float32)])
def test_integers_that_fp32_cannot_hold_become_fp32_at_once(largest: int, kind: type) -> None:
    for sign in (1, -1):
        assert Data("mine", np.array([[sign * largest]])).test_inputs.dtype == kind


def test_an_array_for_each_argument() -> None:
    pair = [np.zeros((3, 4)), torch.ones(3, dtype=torch.int32)]
    data = Data("mine", pair, None, tuple(pair), None)
    assert isinstance(data.test_inputs, tuple) and len(data.train_arrays) == 2
    assert [array.shape for array in data.test_arrays] == [(3, 4), (3,)]
    converted = data.as_types(["float32", "int64"])
    assert [array.dtype for array in converted.train_arrays] == [np.float32, np.int64]
    assert isinstance(Data("mine", pair[:1]).test_inputs, np.ndarray)
    assert Data("mine", [[1.0, 2.0], [3.0, 4.0]]).test_inputs.shape == (2, 2)


def test_arrays_that_do_not_fit_together() -> None:
    with pytest.raises(ModelError, match=r"different numbers of samples: 3, 2\. .*np\.stack"):
        Data("mine", (np.zeros((3, 4)), np.zeros((2, 4))))
    with pytest.raises(ModelError, match=r"shape \(4,\), but test inputs \(4,\) and \(5,\)"):
        Data("mine", (np.zeros((3, 4)), np.zeros((3, 5))), None, np.zeros((3, 4)))


def test_the_fingerprint_is_that_of_all_training_inputs() -> None:
    one, other = np.zeros((3, 4)), np.ones((3, 4))
    prints = {
        Data("mine", (one, one), None, inputs).fingerprint()
        for inputs in ((one, one), (one, other), (other, one), None)
    }
    assert len(prints) == 4
