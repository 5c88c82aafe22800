"""Parameters of INT8 jobs in the engine's format."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelgen.arithmetic.integer.channel_forms import MULTIPLIER_BITS, ChannelForms
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SumForm
from modelgen.targets.systolic.tiles import parameter_words, tile_columns


def channel_parameters(forms: ChannelForms, bias: np.ndarray, array_size: int) -> bytes:
    """Return the parameters of each tile: multipliers with shifts, biases, constants.

    Args:
        forms: of N channels.
        bias: what is added to the sums of the array, without the forms' offsets; INT64, shape (N,).
        array_size: S.

    Raises:
        ValueError: a bias does not fit 32 bits.
    """
    biases = bias + forms.offset
    if np.abs(biases + 0.5).max(initial=0.0) > 2**31:
        raise ValueError("a bias with its offset does not fit 32 bits")
    scales = forms.shift << MULTIPLIER_BITS | forms.multiplier
    constants = forms.negative << 16 | forms.positive & 0xFFFF
    return words_by_tile([scales, biases, constants], array_size)


def words_by_tile(arrays: Sequence[np.ndarray], array_size: int) -> bytes:
    """Return, for each tile, the words of its columns of each array, in whole lines.

    Args:
        arrays: integers of up to 32 bits, shape (N,).
        array_size: S.
    """
    channels = len(arrays[0])
    tiles = -(-channels // array_size)
    block = b""
    for tile, columns in enumerate(tile_columns(channels, tiles, array_size)):
        for values in arrays:
            part = np.zeros(parameter_words(columns), np.int64)
            part[:columns] = values[tile * array_size :][:columns]
            block += part.astype("<i4").tobytes()
    return block


def sum_parameters(form: SumForm, zero_points: tuple[int, int], clamp: Clamp) -> bytes:
    """Return the line in front of the channels' parameters of a job that adds an operand.

    Args:
        form: of the sum.
        zero_points: of the results before the operand is added, and of the operand.
        clamp: of these results.
    """
    words = [
        form.shift << MULTIPLIER_BITS | form.first,
        form.second,
        form.negative << 16 | form.positive & 0xFFFF,
    ]
    small = np.array([*zero_points, clamp.low, clamp.high], np.int8)
    return np.array(words, np.int64).astype("<i4").tobytes() + small.tobytes()
