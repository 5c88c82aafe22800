"""Sums of integers, computed in FP32."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.operators import Fp32Add


def test_operands_have_scales_and_zero_points_of_their_own() -> None:
    given = Quantization(0.5, 10), Quantization(0.25, -3)
    operator = Fp32Add(*given, Quantization(0.25, 7), clamp=Clamp(-20, 100))
    first = np.array([[10, 11, 127], [9, 0, -128]], np.int8)
    found = operator.compute([first, np.array([[-3, -2, 1]], np.int8)], {})
    np.testing.assert_array_equal(found, [[7, 10, 100], [5, -12, -20]])
    assert operator.infer_shape([(2, 3), (1, 3)], {}) == (2, 3)
    assert operator.describe() == "add, -20 to 100"


def test_few_results_depend_on_the_type_of_the_runtime() -> None:
    scales = Quantization(0.067, -109), Quantization(0.034, -124), Quantization(0.134, -84)
    pairs = [values.astype(np.int8) for values in np.mgrid[-128:128, -128:128]]
    signed, unsigned = (Fp32Add(*scales, offset=at).compute(pairs, {}) for at in (0, 128))
    assert 0 < (signed != unsigned).sum() < 1000


def every_sum(operator: Fp32Add) -> np.ndarray:
    """Return the results for all pairs of integers."""
    first, second = np.mgrid[-128:128, -128:128]
    return operator.compute([first.astype(np.int8), second.astype(np.int8)], {})


def random_sum(seed: int) -> Fp32Add:
    random = np.random.default_rng(seed)
    scales = random.uniform(0.01, 0.1, 3).astype(np.float32).tolist()
    points = random.integers(-128, 128, 3).tolist()
    given = map(Quantization, scales, points)
    return Fp32Add(*given, offset=128 * (seed % 2), clamp=Clamp(-100, 90))


SUMS = [random_sum(seed) for seed in range(6)]


@pytest.mark.parametrize("given", SUMS)
@pytest.mark.parametrize("swaps", [False, True])
def test_it_has_a_form_for_all_pairs(given: Fp32Add, swaps: bool) -> None:
    operator = given.swapped() if swaps else given
    form = operator.form()
    assert form is not None
    every = np.arange(-128, 128)
    first, second = every[:, None] - operator.zero_points[0], every - operator.zero_points[1]
    found = operator.clamp.of(form.of(first, second) + operator.output_zero_point)
    np.testing.assert_array_equal(found, every_sum(operator))


def test_inputs_may_come_in_the_other_order() -> None:
    for given in SUMS:
        np.testing.assert_array_equal(every_sum(given.swapped()), every_sum(given).T)
        assert given.swapped().swapped() == given
        assert given.swapped().kernel([(4,), (4,)], {}) is None


def test_ties_to_even_have_no_form() -> None:
    scales = Quantization(0.25, 0), Quantization(0.25, 0), Quantization(0.5, 0)
    assert Fp32Add(*scales).form() is None
