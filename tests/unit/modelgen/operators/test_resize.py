"""Bilinear interpolation: torch's in double precision, and its own rules for places in FP32."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators import Resize
from modelgen.operators.base import Cut
from modelgen.operators.resize import step_of
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)


def resize(
    before: tuple[int, int], after: tuple[int, int], align: bool, scale: float | None = None
) -> Resize:
    pairs = zip(before, after, strict=True)
    rows, columns = (step_of(size, result, align, scale) for size, result in pairs)
    return Resize(after, (rows, columns), align)


# With steps that FP32 represents, as double precision places the positions differently otherwise.
@pytest.mark.parametrize(
    ("before", "after", "align"),
    [
        ((4, 5), (8, 10), False),
        ((4, 5), (7, 9), True),
        ((4, 6), (1, 3), False),
        ((4, 5), (1, 1), True),
        ((1, 3), (4, 6), False),
        ((4, 5), (4, 10), False),
    ],
    ids=str,
)
def test_the_function_of_torch(
    before: tuple[int, int], after: tuple[int, int], align: bool
) -> None:
    def reference(x: torch.Tensor) -> torch.Tensor:
        maps = functional.interpolate(
            channels_first(x), after, mode="bilinear", align_corners=align
        )
        return channels_last(maps)

    check_operator(resize(before, after, align), [random_values(2, *before, 3)], reference)


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("size", [1, 2, 5, 17, 50])
def test_any_size_has_torchs_own_weights(size: int, align: bool) -> None:
    """Interpolating the unit vectors gives the weights."""
    unit = torch.eye(size)[:, None, :]
    for result in range(1, 70):
        wanted = functional.interpolate(unit, result, mode="linear", align_corners=align)
        taps = resize((1, size), (1, result), align).taps(1, size)
        got = np.zeros((size, result), np.float32)
        np.add.at(got, (taps.first, range(result)), taps.first_weight)
        np.add.at(got, (taps.second, range(result)), taps.second_weight)
        # Equal where PyTorch was compiled with fused multiplication and addition.
        np.testing.assert_allclose(got, wanted[:, 0].numpy(), rtol=0, atol=size * 2.0**-23)


@pytest.mark.parametrize("factor", [1.7, 0.6, 3.3])
def test_a_factor_places_the_positions(factor: float) -> None:
    values = random_values(1, 11, 13, 4)
    wanted = functional.interpolate(
        channels_first(torch.from_numpy(values)), scale_factor=factor, mode="bilinear"
    )
    after = int(wanted.shape[2]), int(wanted.shape[3])
    operator = resize((11, 13), after, False, factor)
    exact = operator.evaluate_exact([values], {}, Cut(8))
    _, bound = operator.error_bound([(values.astype(float), np.zeros(values.shape))], {})
    assert (np.abs(exact - channels_last(wanted).numpy()) <= bound).all()
    assert 0 < bound.max() < 1e-4


def test_description() -> None:
    operator = Resize((8, 8), (0.5, 0.5))
    assert operator.describe() == "resize, bilinear"
    assert operator.shape_text([(1, 4, 4, 3)], (1, 8, 8, 3)) == "4 x 4 x 3 -> 8 x 8 x 3"


@pytest.mark.parametrize(("channels", "measured"), [(3, 13676), (32, 104396)])
def test_cycles_are_as_measured(channels: int, measured: int) -> None:
    kernel = Resize((16, 16), (0.5, 0.5)).kernel([(1, 8, 8, channels)], {})
    assert kernel.cycles == pytest.approx(measured, rel=0.05)
