"""Parameters of INT8 jobs as bytes."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.channel_forms import SHIFTS, ChannelForms
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SumForm
from modelgen.targets.systolic.integer_parameters import (
    channel_parameters,
    constant_words,
    sum_parameters,
    words_by_tile,
)


def forms(channels: int, offset: int = 0) -> ChannelForms:
    every = np.arange(channels)
    return ChannelForms(
        offset=np.full(channels, offset),
        multiplier=2**32 - 1 - every,
        shift=np.array(SHIFTS)[every % 4],
        positive=3 * every,
        negative=-every - 1,
        ties_even=False,
        exact=np.ones(channels, bool),
    )


def test_channels_of_two_tiles() -> None:
    block = channel_parameters(forms(6, offset=100), np.arange(6) - 3, 4)
    words = np.frombuffer(block, "<u4").reshape(2, 3, 4)
    np.testing.assert_array_equal(words[:, 0].reshape(-1)[:6], 2**32 - 1 - np.arange(6))
    biases = words[:, 1].reshape(-1)[:6]
    np.testing.assert_array_equal(biases >> 30, [0, 1, 2, 3, 0, 1])
    np.testing.assert_array_equal(biases & (2**30 - 1), np.arange(97, 103))
    constants = words[:, 2].reshape(-1)[:6].astype(np.int64)
    np.testing.assert_array_equal(constants & 0xFFFF, 3 * np.arange(6))
    np.testing.assert_array_equal((constants >> 16) - 2**16, -np.arange(6) - 1)
    assert not words[1, :, 2:].any()


def test_negative_biases_do_not_reach_the_shifts() -> None:
    block = channel_parameters(forms(32), np.full(32, -7), 32)
    words = np.frombuffer(block, "<u4").reshape(3, 32)
    np.testing.assert_array_equal(words[1] >> 30, np.arange(32) % 4)
    assert (words[1] % 2**30 == 2**30 - 7).all()


def test_constants_have_16_bits() -> None:
    assert constant_words(-1, -2) == 0xFFFE_FFFF
    assert constant_words(3 * 2**14 - 1, -3 * 2**14) == 0x4000_BFFF


@pytest.mark.parametrize("bias", [2**29, -(2**29) - 1])
def test_biases_have_limits(bias: int) -> None:
    moved = forms(1, offset=bias // 2)
    channel_parameters(moved, np.array([bias - bias // 2 - np.sign(bias)]), 4)
    with pytest.raises(ValueError, match="does not fit 30 bits"):
        channel_parameters(moved, np.array([bias - bias // 2]), 4)


def test_a_tile_has_its_columns_in_whole_lines() -> None:
    # 8 columns, then 5 in two lines.
    block = words_by_tile([np.arange(13), -np.arange(13)], 8)
    words = np.frombuffer(block, "<i4")
    expected = [*range(8), *range(0, -8, -1), *range(8, 13), 0, 0, 0, *range(-8, -13, -1), 0, 0, 0]
    np.testing.assert_array_equal(words, expected)


def test_the_line_of_a_sum() -> None:
    form = SumForm(first=2**26 - 1, second=3, shift=29, positive=-2, negative=5)
    words = np.frombuffer(sum_parameters(form, (-128, 7), Clamp(-3, 100)), "<u4").reshape(4, 4)
    assert (words == words[:, :1]).all()
    multiplier, bias, constants, summand = words[:, 0].tolist()
    assert (multiplier, bias, constants) == (3, 1 << 30 | 2**26 - 1, 5 << 16 | 0xFFFE)
    assert (summand >> 23, summand >> 14 & 0x1FF, summand & 0xFF) == (228, 125, 7)
