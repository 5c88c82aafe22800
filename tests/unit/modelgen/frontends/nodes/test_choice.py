"""Elements that indices choose."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.frontends.nodes.choice import chosen
from modelgen.frontends.nodes.node import FileNode, RefusedError

DATA = torch.arange(24.0).reshape(2, 3, 4)


def choose(indices: np.ndarray, axis: int) -> torch.Tensor:
    node = FileNode("n", "Gather", {}, ("x", "i"), ("y",), {1: indices})
    return chosen(node, DATA, torch.from_numpy(indices), axis)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("indices", [1, -2, [1, 0], [[-1], [1]]])
def test_constant_indices(indices: int | list, axis: int) -> None:
    expected = np.take(DATA.numpy(), indices, axis)
    np.testing.assert_array_equal(choose(np.array(indices), axis), expected)


def test_rows_of_a_constant_table() -> None:
    node = FileNode("n", "Gather", {}, ("x", "i"), ("y",), {0: DATA.numpy()})
    rows = chosen(node, DATA, torch.tensor([[1], [0]]), -3)
    assert torch.equal(rows, DATA[torch.tensor([[1], [0]])])
    with pytest.raises(RefusedError, match="has indices, 'i', that depend on the model's input"):
        chosen(node, DATA, torch.tensor([1]), 1)


def test_what_is_not_there_is_refused() -> None:
    for index in (3, -4):
        with pytest.raises(RefusedError, match=rf"has the index {index}, of 3 elements along dim"):
            choose(np.array([0, index]), 1)
    with pytest.raises(RefusedError, match="names dimension 3 of a tensor that has 3"):
        choose(np.array([0]), 3)
