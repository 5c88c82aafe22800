"""Sigmoid: the function of torch.nn, in every way in which it is computed, and its kernel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators import Sigmoid
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize("shape", [(1, 10), (3, 2), (2, 4, 5, 3)], ids=str)
def test_the_function_of_torch(shape: tuple[int, ...]) -> None:
    check_operator(Sigmoid(), [4 * random_values(*shape)], torch.sigmoid)


def test_no_difference_is_larger_than_an_output_can_be() -> None:
    values = random_values(1, 4).astype(np.float64)
    _, bound = Sigmoid().error_bound([(values, np.full_like(values, 100.0))], {})
    assert (bound > 0.9).all() and (bound <= 1.1).all()


def test_the_kernel_is_given_all_values_of_the_tensor() -> None:
    kernel = Sigmoid().kernel([(2, 3, 10)])
    assert kernel.header == "sigmoid.hpp"
    assert kernel.call(["in"], "out") == "heepstor::sigmoid(in, out, 60)"
