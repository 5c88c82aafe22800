"""Phases as neighbouring pixels, whole or in part, in groups."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators import Interleave
from tests.support.operator_checks import (
    channels_first,
    channels_last,
    check_operator,
    random_values,
)


def test_a_square_of_phases_is_a_pixel_shuffle() -> None:
    """Which has the phases inside each channel, rather than outside."""

    def reference(x: torch.Tensor) -> torch.Tensor:
        return channels_last(functional.pixel_shuffle(channels_first(x), 2))

    check_operator(Interleave((2, 2), (0, 0), (6, 8), 5), [random_values(2, 3, 4, 20)], reference)


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize(
    ("stride", "first", "size"),
    [((2, 3), (0, 0), (6, 12)), ((2, 3), (1, 2), (5, 7)), ((4, 1), (6, 0), (3, 4))],
    ids=str,
)
def test_what_is_kept(
    stride: tuple[int, int], first: tuple[int, int], size: tuple[int, int], groups: int
) -> None:
    each = 2
    channels = groups * stride[0] * stride[1] * each
    operator = Interleave(stride, first, size, groups)

    def reference(x: torch.Tensor) -> torch.Tensor:
        found = torch.zeros(1, *size, groups * each, dtype=x.dtype)
        for y, x_, group, channel in np.ndindex(*size, groups, each):
            (row, phase_y), (column, phase_x) = (
                divmod(first[axis] + place, stride[axis]) for axis, place in enumerate((y, x_))
            )
            index = ((group * stride[0] + phase_y) * stride[1] + phase_x) * each + channel
            found[0, y, x_, group * each + channel] = x[0, row, column, index]
        return found

    check_operator(operator, [random_values(1, 3, 4, channels)], reference)


def test_whole_pixels_are_moved_at_once() -> None:
    (part,) = Interleave((2, 2), (0, 0), (6, 8)).parts([(1, 3, 4, 12)])
    assert part.merged().sizes == (3, 2, 4, 6), "phases in x are neighbours before and after"
    assert len(Interleave((2, 2), (1, 1), (4, 6)).parts([(1, 3, 4, 12)])) == 4
