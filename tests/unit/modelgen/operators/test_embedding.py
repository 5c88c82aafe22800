"""Embeddings: rows of torch's table, the nearest one for what torch refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators import Embedding
from modelgen.operators.base import Cut
from tests.support.operator_checks import check_operator, random_values


def test_the_function_of_torch() -> None:
    ids = np.array([[3, 0, 3], [1, 4, 2]], np.float32)

    def reference(ids: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.embedding(ids.round().long(), table)

    check_operator(Embedding(), [ids, random_values(5, 4)], reference)


def test_ids_out_of_range_give_the_nearest_row() -> None:
    ids = np.array([-1, 5, 1e30, -np.inf, np.inf, np.nan, 4], np.float32)
    table = random_values(5, 2)
    wanted = table[[0, 4, 4, 0, 4, 0, 4]]
    np.testing.assert_array_equal(Embedding().evaluate_exact([ids, table], {}, Cut(8)), wanted)
    inputs = [torch.from_numpy(array) for array in (ids, table)]
    np.testing.assert_array_equal(Embedding().evaluate_float(inputs, {}).numpy(), wanted)


def test_the_bound_of_an_uncertain_id_covers_the_table() -> None:
    table = random_values(5, 3).astype(np.float64)
    ids, error = np.array([2.0, 2.0, 2.5]), np.array([0.0, 0.1, 0.4])
    value, bound = Embedding().error_bound([(ids, error), (table, np.zeros_like(table))], {})
    assert (bound[[0, 2]] == 0).all()
    assert (np.abs(table - value[1]) <= bound[1]).all()


def test_cycles_are_as_measured() -> None:
    assert Embedding().kernel([(1, 32), (100, 64)], {}).cycles == pytest.approx(7434, rel=0.05)
