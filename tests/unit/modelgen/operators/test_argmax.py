"""Argmax: the function of torch, in every way in which it is computed, and its kernel."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.operators import Argmax
from modelgen.operators.base import Cut
from tests.support.operator_checks import check_operator


def test_the_function_of_torch() -> None:
    values = np.random.default_rng(0).permutation(60).reshape(2, 3, 10).astype(np.float32)
    check_operator(Argmax(), [values], lambda x: x.argmax(-1).double())


def test_of_equal_values_the_first() -> None:
    values = np.array([[1.0, 3.0, 3.0]], np.float32)
    assert Argmax().evaluate_exact([values], {}, Cut(8)).tolist() == [1.0]
    assert Argmax().evaluate_float([torch.from_numpy(values)], {}).tolist() == [1.0]


def test_the_bound_covers_every_class_that_may_be_the_largest() -> None:
    values = np.array([[1.0, 3.0, 2.5, 0.0], [1.0, 3.0, 2.5, 0.0]])
    errors = np.array([[1.5, 0.5, 0.1, 0.1], [0.0, 0.0, 0.0, 0.0]])
    chosen, bound = Argmax().error_bound([(values, errors)], {})
    # In the first row 0 and 2 may be larger than 3 - 0.5, or equal to it; 3 cannot.
    assert chosen.tolist() == [1.0, 1.0]
    assert bound.tolist() == [1.0, 0.0]


def test_an_unknown_value_may_be_the_largest() -> None:
    values, errors = np.zeros((1, 5)), np.array([[0.0, 0.0, 0.0, 0.0, np.inf]])
    assert Argmax().error_bound([(values, errors)], {})[1].tolist() == [4.0]


def test_the_kernel_is_given_rows_and_columns() -> None:
    kernel = Argmax().kernel([(2, 3, 10)], {})
    assert kernel.header == "argmax.hpp"
    assert kernel.call(["in"], "out") == "heepstor::argmax(in, out, 6, 10)"


def test_description() -> None:
    assert Argmax().describe() == "argmax"
    assert Argmax().shape_text([(2, 10)], (2,)) == "2 x 10"
