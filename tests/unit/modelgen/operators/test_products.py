"""Sums of products with weights: slices, scale and bias, and the bound on their difference."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators.base import Cut
from modelgen.operators.bounds import ALIGNMENT, RELATIVE
from modelgen.operators.products import bounded_products, scaled, sliced
from tests.support.operator_checks import random_values


def test_slices_of_integers_are_exact() -> None:
    random = np.random.default_rng(0)
    rows = random.integers(-9, 10, (3, 21)).astype(np.float32)
    weight = random.integers(-127, 128, (5, 21)).astype(np.int8)
    np.testing.assert_array_equal(sliced(rows, weight, Cut(8)), rows @ weight.T.astype(np.float32))


def test_each_slice_is_rounded_once() -> None:
    """In one slice 1 is below the last bit of 2^30; in one of its own it is added at the end."""
    rows = np.array([[2.0**30, 1.0, -(2.0**30)]], np.float32)
    weight = np.ones((1, 3), np.int8)
    apart = Cut(8, [np.array([0, 2]), np.array([1])])
    assert sliced(rows, weight, apart).item() == 1.0
    assert sliced(rows, weight, Cut(8)).item() == 0.0


def test_a_sum_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="K > 0"):
        sliced(np.zeros((1, 0), np.float32), np.zeros((1, 0), np.int8), Cut(8))


def test_scale_and_bias_of_quantized_weights() -> None:
    constants = {
        "weight": torch.tensor([[2]], dtype=torch.int8),
        "scale": torch.tensor([0.5]),
        "bias": torch.tensor([0.25]),
    }
    assert scaled(constants, lambda weight, _: 3 * weight[0]).item() == 3.25


def test_floating_point_weights_bring_their_bias_to_the_product() -> None:
    constants = {"weight": torch.tensor([2.0]), "bias": torch.tensor([0.25])}
    assert scaled(constants, lambda weight, bias: 3 * weight + bias).item() == 6.25
    del constants["bias"]
    assert scaled(constants, lambda weight, bias: weight if bias is None else bias).item() == 2.0


def test_the_bound_has_a_part_for_each_cause() -> None:
    """Rounding of the sum, of the bias, aligning, and what the inputs may differ themselves."""
    values, weight = np.array([[3.0, -1.0]]), np.array([[2, 5]], np.int8)
    constants = {
        "weight": weight,
        "scale": np.array([-0.5], np.float32),
        "bias": np.array([-4.0], np.float32),
    }

    def product(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return values @ weight.T

    errors = np.array([[0.5, 0.25]])
    value, bound = bounded_products(constants, (values, errors), product)
    assert value.tolist() == [[-0.5 * 1.0 - 4.0]]
    spread, magnitude, largest = 0.5 * 2 + 0.25 * 5, 3.0 * 2 + 1.0 * 5, 3.0 * (2 + 5)
    wanted = 0.5 * (spread + RELATIVE * magnitude + ALIGNMENT * largest) + RELATIVE * 4.0
    assert bound.tolist() == [[pytest.approx(wanted, rel=1e-12)]]


def test_floating_point_sums_may_differ_more_the_longer_they_are() -> None:
    def relative(words: int) -> float:
        values = np.ones((1, words))
        constants = {"weight": np.ones((1, words), np.float32)}
        parts = bounded_products(constants, (values, 0 * values), lambda v, w: v @ w.T)
        return parts[1].item() / words

    assert relative(1024) > relative(16) > RELATIVE


def test_random_sums_lie_within_the_bound() -> None:
    rows = random_values(4, 50)
    weight = np.random.default_rng(1).integers(-127, 128, (6, 50)).astype(np.int8)
    ones = {"scale": np.ones(6, np.float32), "bias": np.zeros(6, np.float32)}
    wide = rows.astype(np.float64)
    bounded = bounded_products({"weight": weight, **ones}, (wide, 0 * wide), lambda v, w: v @ w.T)
    assert (np.abs(sliced(rows, weight, Cut(8)) - bounded[0]) <= bounded[1]).all()


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e39])
def test_nothing_is_known_of_products_with_an_infinity(value: float) -> None:
    """Its slice gives NaN in all channels, even where the weights of the infinity are 0."""
    constants = {"weight": np.array([[0.0, 1.0]])}
    values = np.array([[value, 1.0]])
    _, error = bounded_products(constants, (values, np.zeros((1, 2))), lambda v, w: v @ w.T)
    assert np.isinf(error).all()


def test_nothing_is_known_of_sums_that_overflow_in_some_order() -> None:
    constants = {"weight": np.array([[1.0, 1.0, -1.0], [1.0, 0.0, 0.0]])}
    values = np.full((1, 3), 3e38)
    _, error = bounded_products(constants, (values, np.zeros((1, 3))), lambda v, w: v @ w.T)
    assert np.isinf(error[0, 0]) and np.isfinite(error[0, 1])


def test_additions_to_a_bias_round_as_often_as_there_are_products() -> None:
    """PyTorch begins with the bias; all products together are smaller than half of its last bit."""
    words = 4096
    constants = {"weight": np.ones((1, words), np.float32), "bias": np.ones(1, np.float32)}
    values = np.full((1, words), 2.0**-40)
    _, error = bounded_products(constants, (values, np.zeros_like(values)), lambda v, w: v @ w.T)
    np.testing.assert_allclose(error, RELATIVE + 2.0**-24 * words**0.5, rtol=1e-3)
