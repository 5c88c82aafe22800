"""When floating-point numbers agree."""

import math

import numpy as np
import pytest

from modelgen.agreement import agrees, agrees_with_rerun, differences

INF, NAN = math.inf, math.nan


def one(value: float) -> np.ndarray:
    return np.array([value], np.float32)


@pytest.mark.parametrize(
    ("got", "wanted", "difference"),
    [
        (1.5, 1.0, 0.5),
        (1.0, 1.5, 0.5),
        (0.0, -0.0, 0.0),
        (3e38, -3e38, 6e38),
        (INF, INF, 0.0),
        (INF, -INF, INF),
        (INF, 1.0, INF),
        (1.0, INF, INF),
        (NAN, NAN, 0.0),
        (NAN, 1.0, INF),
        (1.0, NAN, INF),
        (NAN, INF, INF),
    ],
)
def test_differences(got: float, wanted: float, difference: float) -> None:
    assert differences(one(got), one(wanted))[0] == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize("allowed", [0.0, 0.5, NAN])
def test_an_infinity_or_nan_agrees_only_with_its_like(allowed: float) -> None:
    for value in (INF, -INF, NAN, 1.0):
        assert agrees(one(value), one(value), allowed)
    for got, wanted in ((INF, 1.0), (1.0, INF), (INF, -INF), (NAN, 1.0), (1.0, NAN), (NAN, INF)):
        assert not agrees(one(got), one(wanted), allowed)


def test_anything_agrees_if_nothing_is_known() -> None:
    for got, wanted in ((INF, 1.0), (INF, -INF), (NAN, 1.0), (1.0, 2.0)):
        assert agrees(one(got), one(wanted), INF)


def test_each_number_has_its_own_tolerance() -> None:
    got, wanted = np.array([1.0, 1.0, 1.0]), np.array([1.5, 1.5, 1.5])
    assert agrees(got, wanted, np.array([0.5, 0.49, INF])).tolist() == [True, False, True]


def test_a_rerun_may_differ_by_a_small_part_of_the_largest_finite_output() -> None:
    wanted = np.array([INF, NAN, 256.0, 1.0], np.float32)
    step = np.array([0.0, 0.0, 0.0, 2.0**-8], np.float32)
    assert agrees_with_rerun(wanted + step, wanted).all()
    assert agrees_with_rerun(wanted + 2 * step, wanted).tolist() == [True, True, True, False]
