"""Pooling of uneven windows on the CPU."""

from __future__ import annotations

import numpy as np

from modelgen.operators import UnevenAvgPool2d, UnevenMaxPool2d
from tests.support.kernel_host import Case, check_kernels
from tests.support.operator_checks import random_values
from tests.support.uneven_windows import adaptive, sizes


def special(*shape: int) -> np.ndarray:
    """Return random numbers with zeros of both signs, infinities and NaNs among them."""
    values = random_values(*shape)
    random = np.random.default_rng(1)
    chosen = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan], np.float32)
    places = random.random(shape) < 0.1
    values[places] = random.choice(chosen, places.sum())
    return values


def cases(values: np.ndarray, rows: int, columns: int) -> list[Case]:
    spans = adaptive(values.shape[1], rows), adaptive(values.shape[2], columns)
    average = UnevenAvgPool2d(*spans, *map(sizes, spans))
    return [(average, [values]), (UnevenMaxPool2d(*spans), [values])]


def test_they_give_the_bits_of_the_reference() -> None:
    check_kernels(
        [
            *cases(random_values(2, 7, 5, 9), 3, 4),
            *cases(special(2, 7, 5, 6), 4, 2),
            *cases(special(1, 3, 1, 1), 5, 1),
            *cases(random_values(1, 4, 4, 4), 1, 1),
        ]
    )
