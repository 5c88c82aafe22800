"""The functions of one value: PyTorch's, the device's, and the bound on their difference."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from modelgen.operators.bounds import RELATIVE
from modelgen.operators.functions import FUNCTIONS
from tests.support.function_checks import every_exponent, samples

PARAMETERS = {
    "elu": [(1.0, 1.0, 1.0), (1.6732632423543772, 1.0507009873554805, 1.0), (0.5, 1.0, 2.0)],
    "power": [(-3.0,), (-2.0,), (-1.0,), (2.0,), (3.0,), (8.0,)],
    "softplus": [(1.0, 20.0), (3.0, 1.0), (0.25, 5.0)],
}
CASES = [(name, values) for name in FUNCTIONS for values in PARAMETERS.get(name, [()])]
PYTORCH_GIVES_NAN = {"gelu": [np.inf]}
"""Limits that PyTorch misses where it works on eight values at a time."""


PYTORCH_OVERFLOWS = 2.0**120
"""From here on, PyTorch's intermediate results may be infinite."""


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_results_are_pytorchs_within_the_bound(name: str, parameters: tuple[float, ...]) -> None:
    function = FUNCTIONS[name]
    every = np.concatenate([every_exponent(), samples(-30, 30), samples(-100, 100)])
    every = every[~np.isin(every, PYTORCH_GIVES_NAN.get(name, []))]
    every = every[~(np.abs(every) > PYTORCH_OVERFLOWS) | np.isinf(every)]
    got = function.exact(every, *function.kernel_arguments(*parameters))
    wanted = function.evaluate(torch.from_numpy(every), *parameters).numpy()
    np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(wanted))
    finite = np.isfinite(wanted)
    wide = function.wide(every[finite].astype(np.float64), *parameters)
    allowed = RELATIVE * np.abs(wide) + function.absolute(*parameters)
    for results in (got, wanted):
        assert (np.abs(results[finite] - wide) <= allowed).all()
    assert (np.abs(got[finite].astype(np.float64) - wanted[finite]) <= allowed).all()


def test_bounds_are_tight_where_nothing_cancels() -> None:
    """A device that loses bits would still be within a wide bound."""
    for name, parameters in CASES:
        assert FUNCTIONS[name].absolute(*parameters) <= 1.5 * 2.0**-20


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_spread_holds_what_near_arguments_give(
    name: str, parameters: tuple[float, ...]
) -> None:
    function = FUNCTIONS[name]
    random = np.random.default_rng(0)
    value = random.uniform(-5.0, 5.0, 4000)
    value = np.abs(value) if name in ("log", "sqrt", "rsqrt") else value
    error = 10.0 ** random.uniform(-6.0, 1.0, value.size)

    def wide(values: np.ndarray) -> np.ndarray:
        return function.wide(values, *parameters)

    with np.errstate(all="ignore"):
        spread = function.spread(wide, value, error)
    for step in (-1.0, -0.5, 0.1, 1.0):
        moved = value + step * error
        inside = np.isfinite(wide(moved)) & np.isfinite(spread)
        difference = np.abs(wide(moved) - wide(value))[inside]
        assert (difference <= spread[inside] * (1.0 + 1e-9) + 1e-12).all()


@pytest.mark.parametrize("name", ["log", "rsqrt"])
def test_no_bound_holds_where_the_domain_may_end(name: str) -> None:
    function = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        spread = function.spread(function.wide, np.array([1.0, 1.0]), np.array([0.5, 1.0]))
    assert np.isfinite(spread).tolist() == [True, False]
