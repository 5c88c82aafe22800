"""Choice by a mask: the function of torch, bounds, kernels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators import Select
from modelgen.operators.base import Shape
from tests.support.operator_checks import check_operator, random_values


def where(mask: torch.Tensor, chosen: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return torch.where(mask != 0, chosen, other)


@pytest.mark.parametrize("chosen", [(3, 4), (1,)], ids=["tensor", "scalar"])
@pytest.mark.parametrize("other", [(3, 4), (1,)], ids=["tensor", "scalar"])
def test_the_function_of_torch(chosen: Shape, other: Shape) -> None:
    mask = (random_values(3, 4) > 0).astype(np.float32)
    check_operator(Select(), [mask, random_values(*chosen, seed=1), random_values(*other)], where)


def test_either_value_counts_where_the_mask_is_uncertain() -> None:
    inputs = [
        (np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])),
        (np.array([3.0]), np.array([0.25])),
        (np.array([5.0]), np.array([0.5])),
    ]
    value, bound = Select().error_bound(inputs, {})
    assert value.tolist() == [5.0, 3.0, 5.0, 3.0]
    assert bound.tolist() == [0.5, 0.25, 2.5, 2.5]


def test_the_kernel_repeats_a_single_value() -> None:
    kernel = Select().kernel([(3, 4), (1,), (3, 4)], {})
    assert kernel.header == "select.hpp"
    assert kernel.call(["m", "a", "b"], "out") == "heepstor::select<0, 1>(m, a, b, out, 12)"


def test_cycles_are_as_measured() -> None:
    assert Select().kernel([(1000,), (1000,), (1,)], {}).cycles == pytest.approx(11517, rel=0.1)
