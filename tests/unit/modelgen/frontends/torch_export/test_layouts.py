"""Layouts: which dimensions are where, and which reshapes move nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelgen.frontends.torch_export import layouts


def test_channels_come_last() -> None:
    assert layouts.channels_last(4) == (0, 2, 3, 1)
    assert layouts.channels_last(3) == (0, 2, 1)
    assert layouts.channels_last(2) == (0, 1)
    assert layouts.laid_out((1, 3, 8, 6), (0, 2, 3, 1)) == (1, 8, 6, 3)


def test_a_permutation_only_renames() -> None:
    values = np.arange(24).reshape(2, 3, 4)
    layout = (0, 2, 1)
    on_device = values.transpose(layout)
    axes = (2, 0, 1)
    renamed = layouts.relabelled(layout, axes)
    np.testing.assert_array_equal(values.transpose(axes).transpose(renamed), on_device)


def test_dimensions_of_one_can_be_anywhere() -> None:
    assert layouts.moves_nothing((1, 5, 1, 3), (0, 1, 2, 3), (2, 1, 0, 3))
    assert not layouts.moves_nothing((1, 5, 1, 3), (0, 1, 2, 3), (0, 3, 2, 1))


@pytest.mark.parametrize(
    ("before", "after", "needed", "result"),
    [
        ((1, 3, 8, 8), (1, 192), (0, 1, 2, 3), (0, 1)),
        ((1, 6, 4, 4), (1, 2, 3, 4, 4), (0, 2, 3, 1), (0, 3, 4, 1, 2)),
        ((1, 2, 3, 4, 4), (1, 6, 4, 4), (0, 3, 4, 1, 2), (0, 2, 3, 1)),
        ((1, 16, 4, 4), (1, 16, 16), (0, 2, 3, 1), (0, 2, 1)),
        ((1, 16, 8), (1, 16, 1, 8), (0, 2, 1), (0, 2, 3, 1)),
        ((1, 64, 1, 1), (1, 64), (0, 1, 2, 3), (0, 1)),
        ((2, 3, 0, 2), (6, 0), (0, 1, 2, 3), (0, 1)),
    ],
)
def test_reshapes_of_channels_last(
    before: tuple[int, ...], after: tuple[int, ...], needed: tuple[int, ...], result: tuple
) -> None:
    assert layouts.for_reshape(before, after, layouts.channels_last(len(before))) == (
        needed,
        result,
    )


@st.composite
def reshapes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Give two shapes of the same size, and a layout of the first."""
    factors = draw(st.lists(st.integers(1, 3), max_size=5))

    def shape() -> tuple[int, ...]:
        cuts = sorted(draw(st.lists(st.integers(0, len(factors)), max_size=4)))
        edges = [0, *cuts, len(factors)]
        return tuple(
            int(np.prod(factors[first:last], dtype=int)) for first, last in pairwise(edges)
        )

    before = shape()
    return before, shape(), tuple(draw(st.permutations(range(len(before)))))


@given(reshapes())
def test_a_reshape_in_its_layouts_moves_nothing(
    case: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
) -> None:
    before, after, layout = case
    values = np.arange(np.prod(before, dtype=int)).reshape(before)
    needed, result = layouts.for_reshape(before, after, layout)
    on_device = values.transpose(needed).reshape(-1)
    np.testing.assert_array_equal(values.reshape(after).transpose(result).reshape(-1), on_device)


def test_operands_of_lower_rank() -> None:
    assert layouts.padded((1, 0), 4) == (0, 1, 3, 2)
    assert layouts.without_leading((0, 2, 3, 1), 3) == (1, 2, 0)
