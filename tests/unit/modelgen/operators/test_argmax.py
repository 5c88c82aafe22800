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


def test_the_kernel_is_given_rows_and_columns() -> None:
    kernel = Argmax().kernel([(2, 3, 10)])
    assert kernel.header == "argmax.hpp"
    assert kernel.call(["in"], "out") == "heepstor::argmax(in, out, 6, 10)"


def test_description() -> None:
    assert Argmax().describe() == "argmax"
    assert Argmax().shape_text([(2, 10)], (2,)) == "2 x 10"
