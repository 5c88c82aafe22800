"""The exponential function: error bounds, ends of the range, special values."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.exponential import exp, expm1, integer_of, power, rest_of
from tests.support.function_checks import check_special, relative_error, samples


def test_errors_are_within_the_bounds() -> None:
    assert relative_error(exp, np.exp, samples(-86.98, 88.72)) < 4.3e-7
    assert relative_error(power, np.exp, samples(-87, 87)) < 4.3e-7
    assert relative_error(expm1, np.expm1, samples(-88, 0)) < 7e-7


def test_small_results_are_0_and_large_ones_infinite() -> None:
    values = np.array([-87.34, -200.0, 88.7228, 88.723, 3e38], np.float32)
    assert exp(values[:2]).tolist() == [0.0, 0.0]
    assert np.isfinite(exp(values[2:3])).all() and (exp(values[3:]) == np.inf).all()
    assert power(np.array([-88.0], np.float32)).tolist() == [0.0]
    assert expm1(np.array([-88.0, -0.0], np.float32)).tolist() == [-1.0, 0.0]


def test_special_values() -> None:
    check_special(exp, 0.0, np.inf)


def test_an_offset_divides_by_a_power_of_two() -> None:
    values = np.array([1000.25, 999.0, 990.5], np.float32)
    integers = integer_of(values[:1])
    assert integers.tolist() == [1443.0]
    wanted = np.exp(values.astype(np.float64) - 1443 * np.log(2))
    assert np.abs(power(values, integers) / wanted - 1).max() < 4e-6
    assert np.abs(rest_of(values[:1]) - (1000.25 - 1443 * np.log(2))).max() < 4e-6
