"""The types in which a model takes integers and booleans: tried once, on the first batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.workload.data import Data
from modelgen.workload.input_types import in_types_of_model


class Takes(nn.Module):
    """A function of a table of 9 rows, a layer, and the inputs."""

    def __init__(self, function: Callable) -> None:
        super().__init__()
        self.table, self.layer = nn.Embedding(9, 3), nn.Linear(3, 2)
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.function(self, *inputs)


def as_bytes(x: torch.Tensor) -> torch.Tensor:
    """Return numbers of UINT8, or fail."""
    if x.dtype is not torch.uint8:
        raise TypeError(x.dtype)
    return x.float()


IDS = np.array([[1, 2, 3], [4, 5, 8]])
MASK = IDS > 2


def types(function: Callable, *inputs: np.ndarray) -> list[str]:
    data = Data("mine", inputs, None, inputs, None)
    found = in_types_of_model(data, lambda: Takes(function), batch=2)
    assert [a.dtype for a in found.train_arrays] == [a.dtype for a in found.test_arrays]
    return [array.dtype.name for array in found.test_arrays]


@pytest.mark.parametrize(
    ("function", "inputs", "wanted"),
    [
        (lambda m, x: m.table(x), [IDS], ["int64"]),
        (lambda m, x: m.layer(x), [IDS], ["float32"]),
        (lambda m, x: m.layer(x / 255), [IDS.astype(np.uint8)], ["int64"]),
        (lambda m, x: m.layer(as_bytes(x)), [IDS.astype(np.uint8)], ["uint8"]),
        (lambda m, x: m.layer(x.float()), [MASK], ["bool"]),
        (lambda m, x: m.layer(x), [MASK], ["float32"]),
        (lambda m, x, y: m.layer(x) + m.table(y)[:, 0, :2], [IDS, IDS], ["float32", "int64"]),
        (
            lambda m, x, y, z: m.table(x).sum(2).masked_fill(y, 0) + m.layer(z).sum(),
            [IDS, MASK, IDS],
            ["int64", "bool", "float32"],
        ),
    ],
)
def test_integers_stay_where_the_model_runs_with_them(
    function: Callable, inputs: list[np.ndarray], wanted: list[str]
) -> None:
    assert types(function, *inputs) == wanted


def test_nothing_is_tried_where_there_is_no_choice() -> None:
    data = Data("mine", np.ones((2, 3)))
    found = in_types_of_model(data, lambda: pytest.fail("made a model"), batch=2)
    assert found.test_inputs.dtype == np.float32


def test_training_data_of_another_kind_are_not_truncated() -> None:
    data = Data("mine", IDS, None, IDS + 0.5, None)
    found = in_types_of_model(data, lambda: pytest.fail("made a model"), batch=2)
    assert found.test_inputs.dtype == np.float32 and found.train_inputs[0, 0] == 1.5


def test_a_model_that_fails_in_any_case_says_why_in_both() -> None:
    with pytest.raises(ModelError) as caught:
        types(lambda m, x: m.table(x), IDS + 9)
    message = str(caught.value)
    assert "neither as int64 nor as float32" in message and "\n" not in message
    assert "index out of range" in message and "Layer 'table' (Embedding(9, 3))" in message
