"""Parameters of INT8 jobs in the engine's format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from modelgen.arithmetic.integer.channel_forms import SHIFTS, ChannelForms
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SCALE_BITS, SumForm
from modelgen.targets.systolic.tiles import (
    LINE_BYTES,
    WORD_BYTES,
    parameter_words,
    tile_columns,
)

Integers = TypeVar("Integers", int, np.ndarray)
BIAS_BITS = 30


def channel_parameters(forms: ChannelForms, bias: np.ndarray, array_size: int) -> bytes:
    """Return the parameters of each tile: multipliers, biases with shifts, constants.

    Args:
        forms: of N channels.
        bias: what is added to the sums of the array, without the forms' offsets; INT64, shape (N,).
        array_size: S.

    Raises:
        ValueError: a bias does not fit 30 bits.
    """
    biases = bias + forms.offset
    if not fits(biases).all():
        raise ValueError(f"a bias with its offset does not fit {BIAS_BITS} bits")
    constants = constant_words(forms.positive, forms.negative)
    words = [forms.multiplier, bias_words(biases, forms.shift), constants]
    return words_by_tile(words, array_size)


def fits(biases: np.ndarray) -> np.ndarray:
    """Return whether biases, with their forms' offsets, fit their field; bool."""
    limit = 1 << (BIAS_BITS - 1)
    return (biases >= -limit) & (biases < limit)


def constant_words(positive: Integers, negative: Integers) -> Integers:
    """Return words of constants, 16 bits of each."""
    return (negative & 0xFFFF) << 16 | positive & 0xFFFF


def bias_words(bias: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return biases with the shifts' places in SHIFTS above them, INT64."""
    return np.searchsorted(SHIFTS, shift) << BIAS_BITS | bias & ((1 << BIAS_BITS) - 1)


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
    """Return what is in front of the channels' parameters of a job that adds an operand: a line of
    multipliers, one of biases with shifts, one of constants, and one of the operand's zero point
    and the other summand's bounds, without its zero point. The words of a line are equal.

    Args:
        form: of the sum.
        zero_points: of the results before the operand is added, and of the operand.
        clamp: of these results.
    """
    zero_point, operand_zero_point = zero_points
    low, high = clamp.without(zero_point)
    words = [
        form.second,
        int(bias_words(np.array(form.first), np.array(form.shift + SCALE_BITS))),
        constant_words(form.positive, form.negative),
        high << 23 | (low & 0x1FF) << 14 | operand_zero_point & 0xFF,
    ]
    return np.array(words).astype("<i4").repeat(LINE_BYTES // WORD_BYTES).tobytes()
