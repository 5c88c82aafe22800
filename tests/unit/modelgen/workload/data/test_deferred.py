"""Values of fields that are made when they are first read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.workload.data import Data, shapes
from modelgen.workload.data.deferred import Deferred, change, replace
from modelgen.workload.data.images import resize


@dataclass(frozen=True)
class Record:
    name: str
    later: Deferred = Deferred()  # noqa: RUF009  (a descriptor)


class Counted:
    """Returns 5, and counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return 5


def test_a_function_is_called_once_when_its_field_is_read() -> None:
    make = Counted()
    record = Record("one", make)
    assert make.calls == 0
    assert record.later == record.later == 5 and make.calls == 1
    assert Record("none").later is None and Record("two", 2).later == 2


def test_changes_and_copies_do_not_call_it() -> None:
    make = Counted()
    record = Record("one", make)
    doubled = replace(record, later=change(record, "later", lambda value: 2 * value))
    renamed = replace(doubled, name="other")
    assert make.calls == 0
    assert renamed.name == "other" and renamed.later == 10
    assert change(Record("two", 2), "later", lambda value: value + 1) == 3


def _never() -> np.ndarray:
    raise AssertionError("training inputs were made")


def test_training_inputs_are_made_only_for_training() -> None:
    data = Data("mine", np.zeros((3, 1, 4, 4)), np.zeros(3), _never, np.zeros(5))
    again = resize(data, 2, 2).as_types(["float32"])
    assert again.test_arrays[0].shape == (3, 1, 2, 2)
    with pytest.raises(AssertionError, match="were made"):
        again.fingerprint()
    made = Data("mine", np.zeros((3, 1, 4, 4)), None, lambda: np.ones((5, 1, 4, 4)))
    small = resize(made, 2, 2).as_types(["float32"]).train_inputs
    assert small.shape == (5, 1, 2, 2) and small.dtype == np.float32


def test_training_inputs_are_checked_when_they_are_made() -> None:
    data = Data("mine", np.zeros((3, 4)), None, lambda: np.zeros((3, 5)))
    with pytest.raises(ModelError, match="training inputs have the shape"):
        data.train_arrays  # noqa: B018
    data = Data("mine", np.zeros((3, 4)), np.zeros(3), lambda: np.zeros((3, 4)), np.zeros(2))
    with pytest.raises(ModelError, match="3 train inputs, but 2 labels"):
        data.train_arrays  # noqa: B018


def test_masks_belong_to_their_images() -> None:
    """Whichever is read first, and in a copy as well."""
    one, other = (replace(shapes.segmented(16, 2, 4, 3), name="copy") for _ in range(2))
    masks, images = one.train_masks, one.train_inputs
    np.testing.assert_array_equal(other.train_inputs, images)
    np.testing.assert_array_equal(other.train_masks, masks)
