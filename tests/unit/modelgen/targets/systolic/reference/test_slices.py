"""Slices: which words of the buffer they have, and how their results are combined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import UnwrittenReadError
from modelgen.targets.systolic.reference.scratchpad import Words
from modelgen.targets.systolic.reference.slices import accumulate, count, macs

SIZE = 4


def descriptor(**changes: Any) -> Descriptor:
    """2 positions, 10 words apart; 2 runs of 3 words, 5 words apart; 1 tile of 4 channels."""
    fields = {"operation": Operation.MATMUL, "step_x": 10, "position_columns": 2, "tiles": 1}
    fields |= {"position_rows": 1, "run_words": 3, "runs_x": 1, "runs_y": 2, "run_pitch_y": 5}
    return Descriptor(**{**fields, "channels": 4, **changes})


@pytest.fixture
def buffer() -> Words:
    """Words that hold their own number."""
    words = Words("buffer word", np.zeros(32, np.float32))
    words.write(slice(0, 32), np.arange(32, dtype=np.float32))
    return words


def test_number_of_slices() -> None:
    assert count(descriptor(), SIZE) == 2
    assert count(descriptor(run_words=5), SIZE) == 4
    assert count(descriptor(run_words=5, span=True), SIZE) == 3
    assert count(descriptor(operation=Operation.MAX, run_words=5), SIZE) == 2


def test_multiplications() -> None:
    assert macs(descriptor(), SIZE) == 2 * 2 * 3 * 4
    assert macs(descriptor(channels=3), SIZE) == 2 * 2 * 3 * 3, "lanes without a channel"
    assert macs(descriptor(operation=Operation.DEPTHWISE), SIZE) == 2 * 2 * 3
    assert macs(descriptor(operation=Operation.SUM), SIZE) == 0


def test_runs_are_padded_to_whole_slices(buffer: Words) -> None:
    """Weights of one: each result is the sum of the words under the window, 0 1 2 and 5 6 7."""
    weights = np.ones((2, SIZE, SIZE), np.int8)
    found = accumulate(descriptor(), buffer, weights, SIZE, None)
    np.testing.assert_array_equal(found, [[21.0] * 4, [81.0] * 4])


def test_a_span_goes_on_from_one_run_to_the_next(buffer: Words) -> None:
    """Weight k of channel k alone: the first slice has words 0 1 2 5, the second 6 7."""
    weights = np.stack([np.eye(SIZE, dtype=np.int8), 10 * np.eye(SIZE, dtype=np.int8)])
    found = accumulate(descriptor(span=True), buffer, weights, SIZE, None)
    np.testing.assert_array_equal(found[0], [0 + 60, 1 + 70, 2, 5])


def test_slices_are_added_to_what_is_there(buffer: Words) -> None:
    before = np.array([[100.0] * 4, [200.0] * 4], np.float32)
    found = accumulate(descriptor(), buffer, np.ones((2, 4, 4), np.int8), SIZE, before)
    np.testing.assert_array_equal(found, [[121.0] * 4, [281.0] * 4])


@pytest.mark.parametrize(
    ("operation", "first"),
    [(Operation.SUM, [5.0, 7.0, 9.0, 0.0]), (Operation.MAX, [5.0, 6.0, 7.0, 0.0])],
)
def test_a_channel_a_lane(operation: Operation, first: list[float], buffer: Words) -> None:
    found = accumulate(descriptor(operation=operation), buffer, None, SIZE, None)
    np.testing.assert_array_equal(found[0], first)


def test_each_channel_has_its_own_weights(buffer: Words) -> None:
    weights = np.array([[1, 2, 3, 9], [10, 20, 30, 9]], np.int8)
    found = accumulate(descriptor(operation=Operation.DEPTHWISE), buffer, weights, SIZE, None)
    np.testing.assert_array_equal(found[0], [0 + 50, 2 + 120, 6 + 210, 0])


def test_a_slice_with_an_infinity_is_not_a_number(buffer: Words) -> None:
    buffer.write(np.array([6]), np.inf)
    found = accumulate(descriptor(), buffer, np.ones((2, 4, 4), np.int8), SIZE, None)
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()


def test_lanes_of_padding_read_nothing(buffer: Words) -> None:
    """Word 3 lies beside the run's three words, and nobody has written it."""
    buffer.written[[3, 4, 8, 9]] = False
    accumulate(descriptor(), buffer, np.ones((2, 4, 4), np.int8), SIZE, None)
    buffer.written[2] = False
    with pytest.raises(UnwrittenReadError, match="buffer word 2"):
        accumulate(descriptor(), buffer, np.ones((2, 4, 4), np.int8), SIZE, None)
