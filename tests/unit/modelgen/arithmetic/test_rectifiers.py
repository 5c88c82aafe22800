"""Smooth and piecewise relatives of ReLU: error bounds, parameters, special values."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.rectifiers import elu, hardsigmoid, hardswish, log_sigmoid, softplus
from tests.support.function_checks import (
    absolute_error,
    check_special,
    relative_error,
    samples,
)


def wide_elu(values: np.ndarray, positive: float, negative: float, steepness: float) -> np.ndarray:
    curved = negative * np.expm1(steepness * np.minimum(values, 0.0))
    return np.where(values > 0, positive * values, curved)


def gate(values: np.ndarray) -> np.ndarray:
    return np.clip(values + 3.0, 0.0, 6.0) / 6.0


@pytest.mark.parametrize("parameters", [(1.0, 1.0, 1.0), (1.0507, 1.7581, 1.0), (1.0, 0.5, 2.0)])
def test_elu(parameters: tuple[float, float, float]) -> None:
    rounded = tuple(float(np.float32(value)) for value in parameters)
    error = relative_error(
        lambda x: elu(x, *parameters), lambda x: wide_elu(x, *rounded), samples(-100, 100)
    )
    assert error < 7e-7
    check_special(lambda x: elu(x, *parameters), -rounded[1], np.inf)


@pytest.mark.parametrize("beta", [1.0, 0.5, 4.0])
def test_softplus(beta: float) -> None:
    error = relative_error(
        lambda x: softplus(x, beta, 20.0),
        lambda x: np.logaddexp(0.0, beta * x) / beta,
        samples(-86 / beta, 50),
    )
    assert error < 5e-7
    check_special(lambda x: softplus(x, beta, 20.0), 0.0, np.inf)


def test_a_softplus_is_linear_above_its_threshold() -> None:
    values = np.array([0.5, 1.0, 1.5], np.float32)
    got = softplus(values, 2.0, 2.0)
    assert got[2] == 1.5 and (got[:2] > values[:2] + 0.05).all()


def test_log_sigmoid() -> None:
    error = relative_error(log_sigmoid, lambda x: -np.logaddexp(0.0, -x), samples(-200, 86))
    assert error < 5e-7
    check_special(log_sigmoid, -np.inf, 0.0)


def test_piecewise_functions() -> None:
    assert absolute_error(hardsigmoid, gate, samples(-10, 10)) < 2e-7
    values = samples(-10, 10)
    error = np.abs(hardswish(values) - values * gate(values.astype(np.float64)))
    assert (error <= 3e-7 * np.abs(values)).all()
    check_special(hardsigmoid, 0.0, 1.0)
    check_special(hardswish, np.nan, np.inf)
