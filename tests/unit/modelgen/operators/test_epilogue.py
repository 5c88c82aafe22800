"""Epilogues: what they compute, in which order, and which two of them one store can do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators.epilogue import Epilogue
from tests.support.operator_checks import channels_first, channels_last, random_values

PLAIN = Epilogue()
RELU = Epilogue(low=0.0)
LEAKY = Epilogue(slope=0.125)
SUM = Epilogue(residual=True)
POOL = Epilogue(pool=(2, 2))
SILU = Epilogue(function="silu")
TANH = Epilogue(function="tanh")
PRODUCT = Epilogue(product=True)
ALL = Epilogue(residual=True, slope=-0.5, low=-0.25, high=0.5, pool=(2, 3))
ONE, ZERO = np.float32(1.0), np.float32(0.0)


def exact(epilogue: Epilogue, values: np.ndarray, *others: np.ndarray) -> np.ndarray:
    return epilogue.evaluate_exact(values, ONE, ZERO, others)


def test_parts_follow_one_another_in_their_order() -> None:
    """Addition, slope, clamp, maximum; odd rows and columns are dropped."""
    values, other = random_values(2, 5, 7, 3), random_values(2, 5, 7, 3, seed=1)
    summed = torch.from_numpy(values + other)
    activated = torch.where(summed < 0, summed * -0.5, summed).clamp(-0.25, 0.5)
    wanted = channels_last(functional.max_pool2d(channels_first(activated), (2, 3)))
    assert ALL.shape(values.shape) == wanted.shape
    np.testing.assert_array_equal(exact(ALL, values, other), wanted.numpy())
    got = ALL.evaluate_float(torch.from_numpy(values), [torch.from_numpy(other)])
    assert torch.equal(got, wanted)


def test_scale_and_bias_come_first() -> None:
    got = RELU.evaluate_exact(np.array([[1.0, 2.0]], np.float32), -ONE, np.float32(1.5), [])
    assert got.tolist() == [[0.5, 0.0]]


def test_an_operand_of_another_shape_is_added_in_its_order() -> None:
    """An operand may be seen as another shape than the result."""
    values, other = random_values(2, 6), random_values(2, 2, 3, seed=1)
    np.testing.assert_array_equal(exact(SUM, values, other), values + other.reshape(2, 6))


def test_the_bound_of_all_parts() -> None:
    values, other = (random_values(1, 4, 6, 2, seed=s).astype(np.float64) for s in (0, 1))
    errors = [np.full(values.shape, size) for size in (1e-3, 2e-3)]
    epilogue = Epilogue(residual=True, slope=-2.0, pool=(2, 2))
    value, bound = epilogue.error_bound((values, errors[0]), [(other, errors[1])])
    summed = torch.from_numpy(values + other)
    activated = channels_first(torch.where(summed < 0, -2 * summed, summed))
    np.testing.assert_allclose(value, channels_last(functional.max_pool2d(activated, 2)).numpy())
    np.testing.assert_allclose(bound, 2 * 3e-3, rtol=1e-2)
    assert (bound > 2 * 3e-3).all()


@pytest.mark.parametrize("name", ["silu", "hardswish", "gelu", "mish"])
def test_the_bound_of_a_function_does_not_grow_beyond_its_table(name: str) -> None:
    """It is absolute for negative values, and relative for positive ones."""
    values = np.array([-1e30, -1e3, 1e3, 1e30])
    result, bound = Epilogue(function=name).error_bound((values, np.zeros(4)), [])
    assert (bound[:2] < 1e-5).all()
    assert (bound[2:] < 1e-6 * result[2:]).all()


@pytest.mark.parametrize(
    ("epilogue", "parts"),
    [
        (PLAIN, []),
        (SUM, ["add"]),
        (LEAKY, ["leaky ReLU 0.125"]),
        (RELU, ["ReLU"]),
        (Epilogue(low=0.0, high=6.0), ["ReLU6"]),
        (Epilogue(high=1.0), ["clamp None .. 1.0"]),
        (Epilogue(residual=True, low=0.0, pool=(2, 3)), ["add", "ReLU", "max-pool 2x3"]),
    ],
)
def test_description(epilogue: Epilogue, parts: list[str]) -> None:
    assert epilogue.describe() == parts


def test_properties() -> None:
    assert PLAIN.bounds == (-math.inf, math.inf) and RELU.bounds == (0.0, math.inf)
    assert RELU.clamps and Epilogue(high=0.0).clamps and not LEAKY.clamps
    assert POOL.pools and not PLAIN.pools
    assert ALL.without_pool() == Epilogue(residual=True, slope=-0.5, low=-0.25, high=0.5)
    assert PLAIN.shape((2, 3)) == (2, 3)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (PLAIN, ALL.without_pool(), ALL.without_pool()),
        (RELU, PLAIN, RELU),
        (RELU, Epilogue(high=6.0), Epilogue(low=0.0, high=6.0)),
        (Epilogue(low=0.0, high=6.0), Epilogue(low=1.0, high=9.0), Epilogue(low=1.0, high=6.0)),
        (SUM, LEAKY, Epilogue(residual=True, slope=0.125)),
        (POOL, RELU, Epilogue(low=0.0, pool=(2, 2))),
        (POOL, LEAKY, Epilogue(slope=0.125, pool=(2, 2))),
        (PLAIN, SILU, SILU),
        (SUM, SILU, Epilogue(residual=True, function="silu")),
        (PLAIN, Epilogue(residual=True, function="silu"), Epilogue(True, function="silu")),
        (TANH, RELU, Epilogue(function="tanh", low=0.0)),
        (TANH, PRODUCT, Epilogue(function="tanh", product=True)),
        (PRODUCT, RELU, Epilogue(product=True, low=0.0)),
    ],
)
def test_two_that_one_store_can_do(first: Epilogue, second: Epilogue, both: Epilogue) -> None:
    assert first.then(second) == both


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RELU, POOL),
        (RELU, SUM),
        (SUM, SUM),
        (POOL, SUM),
        (LEAKY, LEAKY),
        (RELU, LEAKY),
        (POOL, Epilogue(slope=-1.0)),
        (RELU, Epilogue(high=-1.0)),
        (RELU, SILU),
        (LEAKY, SILU),
        (POOL, SILU),
        (SILU, TANH),
        (SILU, LEAKY),
        (SILU, PRODUCT),
        (SILU, SUM),
        (SUM, PRODUCT),
        (PRODUCT, PRODUCT),
        (PRODUCT, SILU),
        (PRODUCT, LEAKY),
        (Epilogue(residual=True, function="tanh"), PRODUCT),
    ],
)
def test_two_that_one_store_cannot_do(first: Epilogue, second: Epilogue) -> None:
    assert first.then(second) is None


def test_what_one_store_does_is_what_the_two_give() -> None:
    """All pairs of some epilogues; where both are one, the values are the same bits."""
    lows, highs = (None, 0.0, 0.5), (None, -0.25, 0.75)
    parts = itertools.product((1.0, 0.125, -0.5), lows, highs, ((1, 1), (2, 2)))
    epilogues = [
        Epilogue(slope=slope, low=low, high=high, pool=pool)
        for slope, low, high, pool in parts
        if low is None or high is None or low <= high
    ]
    values = random_values(1, 4, 4, 3)
    joined = 0
    for first, second in itertools.product(epilogues, repeat=2):
        both = first.then(second)
        if both is not None:
            joined += 1
            np.testing.assert_array_equal(exact(both, values), exact(second, exact(first, values)))
    assert joined > 100
