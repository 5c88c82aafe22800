"""Movements of each axis: indices as runs, as few as there can be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators import Take
from modelgen.operators.indexed import FILLED, Run, runs_of
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize(
    ("indices", "count"),
    [
        ([0, 1, 2, 3], 1),
        ([3, 2, 1, 0], 1),
        ([1, 3, 5], 1),
        ([0], 1),
        ([0, 0, 0], 1),
        ([0, 0, 1, 1, 2, 2], 1),
        ([0, 1, 2, 0, 1, 2], 1),
        ([4, 3, 2, 5, 4, 3], 1),
        ([3, 4, 0, 1, 2], 2),
        ([2, 1, 0, 1, 2, 3, 2, 1], 3),
        ([0, 1, 1, 2, 3, 3, 4], 3),
        ([0, 1, 1, 2, 3, 3, 4, 5, 5], 2),
        ([FILLED, FILLED, 0, 1, 2, FILLED], 1),
        ([0, FILLED, 1], 2),
        ([FILLED], 0),
    ],
)
def test_runs_cover_each_element_once(indices: list[int], count: int) -> None:
    runs = runs_of(np.array(indices))
    assert len(runs) == count
    found = np.full(len(indices), FILLED)
    for run in runs:
        for group in range(run.sizes[0]):
            for element in range(run.sizes[1]):
                at = run.target + group * run.strides[0] + element * run.strides[1]
                assert found[at] == FILLED
                found[at] = run.start + group * run.steps[0] + element * run.steps[1]
    assert found.tolist() == indices


def test_repeated_elements_are_one_run() -> None:
    assert runs_of(np.array([5, 5, 7, 7, 9, 9])) == [Run(5, 0, (3, 2), (2, 0), (2, 1))]


def test_all_axes_at_once() -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        return x[[2, 0, 1, 1]][:, :, [3, 3, 0]]

    taken = Take((0, 2), ((2, 0, 1, 1), (3, 3, 0)))
    check_operator(taken, [random_values(3, 2, 4)], reference)
    assert len(taken.parts([(3, 2, 4)])) == 4
