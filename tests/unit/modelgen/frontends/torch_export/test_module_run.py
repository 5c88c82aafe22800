"""The user's module as it came: its outputs, and what it must not do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.module_run import run_module
from modelgen.progress import Silent

VALUES = np.arange(15, dtype=np.float32).reshape(5, 3)


class Function(nn.Module):
    def __init__(self, function: Callable) -> None:
        super().__init__()
        self.function = function
        self.sizes: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(x))
        return self.function(x)


def run(function: Callable, batch: int = 2) -> np.ndarray:
    (output,) = run_module(Function(function), [VALUES], batch, Silent())
    return output


def test_the_last_batch_is_filled_up() -> None:
    model = Function(lambda x: x + 1)
    (output,) = run_module(model, [VALUES], 2, Silent())
    np.testing.assert_array_equal(output, VALUES + 1)
    assert model.sizes == [2, 2, 2]


def test_outputs_without_the_batch_get_a_row_an_input() -> None:
    np.testing.assert_array_equal(run(lambda x: x.flatten()), VALUES)


def test_other_numbers_become_fp32() -> None:
    found = run(lambda x: x.argmax(1))
    assert found.dtype == np.float32 and found.tolist() == [2.0] * 5


def test_the_module_is_in_evaluation_mode_and_its_inputs_are_its_own() -> None:
    values = VALUES.copy()
    model = nn.Sequential(nn.Dropout(0.9), Function(lambda x: x.mul_(2)))
    (output,) = run_module(model.train(), [values], 1, Silent())
    np.testing.assert_array_equal(output, 2 * VALUES)
    np.testing.assert_array_equal(values, VALUES)


class Several(nn.Module):
    """Adds rows of a table to its first input, and returns tensors in a nested structure."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 3)

    def forward(self, x: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor) -> dict:
        rows = self.table(ids)
        masked = x.masked_fill(mask, -1)
        return {"sum": x + rows, "rest": [None, (masked, {"ids": ids})]}


def test_several_inputs_and_outputs() -> None:
    ids, mask = np.array([8, 0, 3, 3, 1]), VALUES > 4
    model = Several()
    found = run_module(model, [VALUES, ids, mask], 2, Silent())
    assert [output.dtype for output in found] == [np.float32] * 3
    rows = model.table.weight.detach().numpy()[ids]
    np.testing.assert_array_equal(found[0], VALUES + rows)
    np.testing.assert_array_equal(found[1], np.where(mask, np.float32(-1), VALUES))
    np.testing.assert_array_equal(found[2], ids.astype(np.float32))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: (x, "y"), "returns a str; expected a tensor, or a tuple, list or dictionary"),
        (lambda x: None, "returns a NoneType; expected a tensor"),
        (lambda x: [x, x.flatten()[:5]], "shape 5, which is not one result for each"),
        (lambda x: x.flatten()[:5], "shape 5, which is not one result for each of the 2 inputs"),
        (lambda x: x @ x, "cannot take an input of shape 2x3"),
    ],
)
def test_what_is_refused(function: Callable, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        run(function)


def test_a_module_that_changes_itself() -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.seen += 1
            return x

    with pytest.raises(ModelError, match=r"forward\(\) modifies 'seen' in evaluation mode"):
        run_module(Counts(), [VALUES], 5, Silent())
