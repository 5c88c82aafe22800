"""Maxima and averages of windows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from modelgen.frontends.nodes.node import RefusedError
from modelgen.frontends.nodes.pooling import averages, maxima
from modelgen.frontends.nodes.windows import Window

X = torch.randn(1, 2, 6, 7, dtype=torch.float64)


def by_hand(window: Window, *, ceil: bool, includes: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return maxima and averages, window by window."""
    counts, limits = [], []
    for at, size in enumerate(X.shape[2:]):
        room = size + window.before[at] + window.after[at] - window.kernel[at]
        count, rest = divmod(room, window.stride[at])
        begins_inside = (count + 1) * window.stride[at] < size + window.before[at]
        counts.append(count + 1 + bool(ceil and rest and begins_inside))
        limits.append(size + window.after[at])
    results = np.zeros((2, 1, 2, *counts))
    for row, column in np.ndindex(*counts):
        starts = [
            place * window.stride[at] - window.before[at] for at, place in enumerate((row, column))
        ]
        ends = [min(start + window.kernel[at], limits[at]) for at, start in enumerate(starts)]
        part = X.numpy()[:, :, max(starts[0], 0) : ends[0], max(starts[1], 0) : ends[1]]
        count = np.prod([end - start for start, end in zip(starts, ends, strict=True)])
        divisor = count if includes else part.shape[2] * part.shape[3]
        results[0][..., row, column] = part.max((2, 3))
        results[1][..., row, column] = part.sum((2, 3)) / divisor
    return results[0], results[1]


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("includes", [False, True])
@pytest.mark.parametrize(
    ("before", "after"), [((0, 0), (0, 0)), ((1, 1), (1, 1)), ((0, 1), (1, 2)), ((2, 0), (0, 0))]
)
def test_windows(
    before: tuple[int, int], after: tuple[int, int], *, ceil: bool, includes: bool
) -> None:
    window = Window((3, 3), (2, 2), (1, 1), before, after)
    largest, mean = by_hand(window, ceil=ceil, includes=includes)
    np.testing.assert_array_equal(maxima(X, window, ceil=ceil), largest)
    got = averages(X, window, ceil=ceil, includes=includes)
    np.testing.assert_allclose(got, mean, rtol=1e-6)


def test_dilated_windows() -> None:
    window = Window((2, 2), (1, 1), (2, 2), (1, 0), (0, 1))
    padded = np.pad(X.numpy(), [(0, 0), (0, 0), (1, 0), (0, 1)], constant_values=-np.inf)
    corners = [padded[:, :, r : r + 5, c : c + 6] for r in (0, 2) for c in (0, 2)]
    np.testing.assert_array_equal(maxima(X, window), np.max(corners, axis=0))


@pytest.mark.parametrize("pool", [averages, maxima])
def test_gigantic_windows_are_refused(pool: Callable) -> None:
    half = (1 << 30, 1 << 30)
    window = Window(((1 << 31) - 1,) * 2, (1, 1), (1, 1), half, half)
    with pytest.raises(RefusedError, match="gives the shape 2147483647x2147483647"):
        pool(X, window)


def test_gigantic_padding_is_refused() -> None:
    window = Window((3, 3), (1, 1), (1, 1), (0, 0), (1 << 40, 0))
    with pytest.raises(RefusedError, match="gives the shape 1099511627780x5"):
        averages(X, window)
