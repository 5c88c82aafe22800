"""Normalization: the layers of torch, bounds, kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.arithmetic.fp32 import CANONICAL_NAN
from modelgen.operators import Normalize
from modelgen.operators.base import Cut, Shape
from tests.support.operator_checks import check_operator, random_values

EPSILON = 1e-5


Factor = torch.Tensor | None


def layer_norm(values: torch.Tensor, weight: Factor = None, bias: Factor = None) -> torch.Tensor:
    return functional.layer_norm(values, values.shape[2:], weight, bias, EPSILON)


def rms_norm(values: torch.Tensor, weight: Factor = None) -> torch.Tensor:
    return functional.rms_norm(values, values.shape[2:], weight, EPSILON)


def group_norm(groups: int) -> Callable[..., torch.Tensor]:
    def run(values: torch.Tensor, weight: Factor = None, bias: Factor = None) -> torch.Tensor:
        first = values.transpose(1, 2)
        return functional.group_norm(first, groups, weight, bias, EPSILON).transpose(1, 2)

    return run


LAYERS: dict[str, tuple[Normalize, Shape, Callable[..., torch.Tensor]]] = {
    "layer": (Normalize(1, EPSILON), (5, 1, 17), layer_norm),
    "group": (Normalize(2, EPSILON), (2, 3, 8), group_norm(2)),
    "group-of-large-maps": (Normalize(2, EPSILON), (2, 9, 6), group_norm(2)),
    "instance": (Normalize(6, EPSILON), (2, 7, 6), group_norm(6)),
    "rms": (Normalize(1, EPSILON, centered=False), (4, 1, 9), rms_norm),
}


@pytest.mark.parametrize("factors", [0, 1, 2], ids=["plain", "weight", "weight-and-bias"])
@pytest.mark.parametrize(("operator", "shape", "layer"), LAYERS.values(), ids=LAYERS)
def test_the_function_of_torch(
    operator: Normalize, shape: Shape, layer: Callable[..., torch.Tensor], factors: int
) -> None:
    if layer is rms_norm and factors == 2:
        pytest.skip("it has no bias")
    constants = [random_values(shape[2], seed=seed) for seed in range(1, 1 + factors)]
    check_operator(operator, [random_values(*shape), *constants], layer)


def test_a_large_mean_costs_no_more_than_the_rounding_of_the_input() -> None:
    values = (1000.0 + random_values(3, 1, 256)).astype(np.float32)
    wanted = layer_norm(torch.from_numpy(values).double()).numpy()
    got = Normalize(1, EPSILON).evaluate_exact([values], {}, Cut(8))
    no_error = [(values.astype(np.float64), np.zeros(values.shape))]
    _, bound = Normalize(1, EPSILON).error_bound(no_error, {})
    assert np.abs(got - wanted).max() < 1e-4
    assert (np.abs(got - wanted) <= bound).all()


def test_equal_values_become_0() -> None:
    values = np.full((1, 1, 8), 0.1, np.float32)
    assert np.abs(Normalize(1, EPSILON).evaluate_exact([values], {}, Cut(8))).max() < 1e-5


def test_a_group_with_a_nan_is_the_canonical_nan() -> None:
    values = random_values(1, 3, 4)
    values[0, 1, 3] = -np.nan
    bits = Normalize(2, EPSILON).evaluate_exact([values], {}, Cut(8)).view(np.uint32)
    assert (bits[..., 2:] == CANONICAL_NAN.view(np.uint32)).all()
    assert (bits[..., :2] != CANONICAL_NAN.view(np.uint32)).all()


def test_the_bound_of_values_that_may_all_be_equal_is_that_of_the_epsilon() -> None:
    values = np.zeros((1, 1, 4))
    _, bound = Normalize(1, 1e-4).error_bound([(values, np.full_like(values, 0.01))], {})
    # x - mean may be off by twice the error, and the deviation is at least 0.01.
    np.testing.assert_allclose(bound, 2.0, rtol=1e-4)


def test_the_bound_grows_as_the_deviation_may_shrink() -> None:
    values = np.array([[[1.0, -1.0]]])
    _, bound = Normalize(1, 0.0).error_bound([(values, np.full_like(values, 0.25))], {})
    # x - mean and the deviation may be off by 0.5 each: (0.5 + 1 * 0.5) / (1 - 0.5).
    np.testing.assert_allclose(bound, 2.0, rtol=1e-4)


def test_nothing_is_known_where_the_sum_of_squares_overflows() -> None:
    values = np.array([[[2e19, -1e19, 0.0, 0.0]], [[1e19, -1e19, 0.0, 0.0]]])
    _, bound = Normalize(1, 1e-5).error_bound([(values, np.zeros_like(values))], {})
    assert np.isinf(bound[0]).all() and np.isfinite(bound[1]).all()
    _, bound = Normalize(1, 1e-5).error_bound([(np.full((1, 1, 4), 1e19), np.zeros((1, 1, 4)))], {})
    assert np.isinf(bound).all()


def test_the_kernel_is_given_sizes_groups_and_epsilon() -> None:
    kernel = Normalize(2, 1e-5).kernel([(3, 5, 8), (8,), (8,)], {})
    assert kernel.header == "normalize.hpp"
    wanted = "heepstor::normalize<true>(x, w, b, out, {3, 5, 8, 2}, 0x1.4f8b580000000p-17f)"
    assert kernel.call(["x", "w", "b"], "out") == wanted
    rms = Normalize(1, 1e-5, centered=False).kernel([(3, 1, 8)], {})
    assert rms.function == "normalize<false>"


def test_description() -> None:
    assert Normalize(1, 1e-5).shape_text([(3, 1, 8)], (3, 1, 8)) == "3 x 1 x 8"
    assert Normalize(2, 1e-5).shape_text([(3, 1, 8)], (3, 1, 8)) == "3 x 1 x 8, 2 groups"


@pytest.mark.parametrize(
    ("operator", "shape", "factors", "measured"),
    [
        (Normalize(1, 1e-5), (32, 1, 64), 2, 41258),
        (Normalize(1, 1e-5), (65, 1, 16), 2, 29447),
        (Normalize(1, 1e-5), (32, 1, 64), 0, 32998),
        (Normalize(1, 1e-5, centered=False), (32, 1, 64), 1, 25345),
        (Normalize(4, 1e-5), (1, 64, 32), 2, 50223),
        (Normalize(32, 1e-5), (1, 64, 32), 2, 52172),
        (Normalize(4, 1e-5), (1, 4, 32), 2, 3871),
    ],
)
def test_cycles_are_as_measured(
    operator: Normalize, shape: Shape, factors: int, measured: int
) -> None:
    kernel = operator.kernel([shape, *[(shape[2],)] * factors], {})
    assert kernel.cycles == pytest.approx(measured, rel=0.1)
