"""Outputs of inferences: their bits, and sorted by samples."""

from __future__ import annotations

import numpy as np

from modelgen.samples import by_sample, values_of, words_of


def test_the_outputs_of_a_sample_follow_one_another() -> None:
    # Two inferences of two samples each: an output of two values, then one of a single value.
    rows = np.array([[10, 11, 20, 21, 1, 2], [30, 31, 40, 41, 3, 4]])
    assert by_sample(rows, [2, 1], 2).tolist() == [
        [10, 11, 1],
        [20, 21, 2],
        [30, 31, 3],
        [40, 41, 4],
    ]


def test_integers_are_printed_as_words_with_their_sign() -> None:
    values = np.array([-128, -1, 0, 127], np.int8)
    assert [f"{word:x}" for word in words_of(values)] == ["ffffff80", "ffffffff", "0", "7f"]
    again = values_of(words_of(values), "int8")
    assert again.dtype == np.int8 and again.tolist() == values.tolist()


def test_numbers_are_printed_as_their_bits() -> None:
    values = np.array([1.0, -0.0], np.float32)
    assert words_of(values).tolist() == [0x3F800000, 0x80000000]
    assert values_of(words_of(values), "fp32").tobytes() == values.tobytes()
