"""Softmax: the function of torch.nn, in every way in which it is computed, and its kernel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators import Softmax
from modelgen.operators.base import Cut
from tests.support.operator_checks import check_operator, random_values


@pytest.mark.parametrize("shape", [(1, 10), (3, 2), (2, 4, 5)], ids=str)
def test_the_function_of_torch(shape: tuple[int, ...]) -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x, -1)

    check_operator(Softmax(), [4 * random_values(*shape)], reference)


@pytest.mark.parametrize("shape", [(1, 10), (3, 2), (2, 4, 5)], ids=str)
def test_its_logarithm(shape: tuple[int, ...]) -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        return torch.log_softmax(x, -1)

    check_operator(Softmax(log=True), [4 * random_values(*shape)], reference)


@pytest.mark.parametrize("log", [False, True])
def test_the_bound_knows_how_many_powers_are_added(log: bool) -> None:
    """Equal powers are all rounded in the same direction while their sum grows."""
    logits = np.full((1, 60_000), 0.3, np.float32)
    logits[0, 0] = 0.0
    got = Softmax(log).evaluate_exact([logits], {}, Cut(8))
    wide = logits.astype(np.float64)
    value, bound = Softmax(log).error_bound([(wide, np.zeros_like(wide))], {})
    assert (np.abs(got - value) <= bound).all()
    most = 60_000 * 2.0**-24 + 2.0**-16
    assert (bound <= most * (1.0 if log else value.max())).all()


def test_no_difference_is_larger_than_a_probability_can_be() -> None:
    logits = random_values(1, 4).astype(np.float64)
    _, bound = Softmax().error_bound([(logits, np.full_like(logits, 100.0))], {})
    assert (bound > 0.1).all() and (bound <= 1.1).all()


def test_a_probability_of_0_may_be_1_if_the_logits_are_uncertain() -> None:
    logits = np.array([[0.0, -1000.0]])
    _, bound = Softmax().error_bound([(logits, np.full_like(logits, 600.0))], {})
    assert (bound > 0.99).all()
    _, bound = Softmax().error_bound([(logits, np.full_like(logits, 400.0))], {})
    assert bound[0, 1] < 1e-30


def test_the_kernel_knows_the_rows_and_columns() -> None:
    kernel = Softmax().kernel([(2, 3, 10)], {})
    assert kernel.header == "softmax.hpp"
    assert kernel.call(["in"], "out") == "heepstor::softmax<10, 6>(in, out)"
    logarithm = Softmax(log=True).kernel([(2, 3, 10)], {})
    assert logarithm.call(["in"], "out") == "heepstor::log_softmax<10, 6>(in, out)"


@pytest.mark.parametrize(
    ("operator", "shape", "measured"),
    [
        (Softmax(), (100, 10), 23510),
        (Softmax(), (16, 64), 26422),
        (Softmax(log=True), (16, 64), 27062),
    ],
)
def test_cycles_are_about_those_on_the_rtl(
    operator: Softmax, shape: tuple[int, ...], measured: int
) -> None:
    assert operator.kernel([shape], {}).cycles == pytest.approx(measured, rel=0.1)


def test_description() -> None:
    assert Softmax().describe() == "softmax"
    assert Softmax(log=True).describe() == "log-softmax"
    assert Softmax().shape_text([(1, 10)], (1, 10)) == "1 x 10"
