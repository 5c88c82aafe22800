"""Sums of INT8 jobs: pairs, depthwise kernels, sums and maxima of channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import UnwrittenReadError
from modelgen.targets.systolic.reference.integer_slices import accumulate, halves, pair_offset
from modelgen.targets.systolic.reference.scratchpad import Words
from modelgen.targets.systolic.reference.slices import count, macs

SIZE = 16
RANDOM = np.random.default_rng(5)


def descriptor(**changes: Any) -> Descriptor:
    """2 x 3 positions, a word apart; 2 runs of 3 words, 20 apart; 17 channels."""
    fields = {"int8": True, "step_x": 1, "step_y": 10, "position_columns": 3, "position_rows": 2}
    fields |= {"run_words": 3, "runs_x": 1, "runs_y": 2, "run_pitch_y": 20, "tiles": 2}
    return Descriptor(**{**fields, "channels": 17, "window_rows": 1, **changes})


@pytest.fixture
def activations() -> np.ndarray:
    """200 words of 4 bytes."""
    return RANDOM.integers(-128, 128, (200, 4)).astype(np.int8)


@pytest.fixture
def buffer(activations: np.ndarray) -> Words:
    words = Words("buffer word", np.zeros(256, np.float32))
    words.write(slice(0, 200), activations.view(np.float32)[:, 0])
    return words


def test_number_of_slices() -> None:
    assert count(descriptor(run_words=4), SIZE) == 2
    assert count(descriptor(run_words=5), SIZE) == 4
    assert count(descriptor(run_words=5, span=True), SIZE) == 3
    assert count(descriptor(operation=Operation.MAX, run_words=5), SIZE) == 2
    kernel = descriptor(operation=Operation.DEPTHWISE, runs_x=4, runs_y=3)
    assert [count(kernel, size) for size in (4, 8, 12, 32)] == [6, 4, 2, 2]


def test_multiplications() -> None:
    assert macs(descriptor(), SIZE) == 6 * 2 * 12 * 17
    assert macs(descriptor(pair_rows=2), SIZE) == 2 * 6 * 2 * 12 * 17
    kernel = descriptor(operation=Operation.DEPTHWISE, runs_x=4, run_words=7)
    assert macs(kernel, SIZE) == 6 * 2 * 9 * 28
    assert macs(kernel, 8) == 6 * 2 * 6 * 16, "channels of two tiles"
    assert macs(descriptor(operation=Operation.SUM), SIZE) == 0


def patches(activations: np.ndarray, job: Descriptor, offset: int = 0) -> np.ndarray:
    """The words under each position, shape (positions, runs, bytes)."""
    return np.array(
        [
            [
                activations[start : start + job.run_words].reshape(-1)
                for run in range(job.runs_y)
                for start in [offset + y * job.step_y + x * job.step_x + run * job.run_pitch_y]
            ]
            for y in range(job.position_rows)
            for x in range(job.position_columns)
        ]
    ).astype(np.int64)


@pytest.mark.parametrize("pair_rows", [0, 3])
def test_products_of_pairs(activations: np.ndarray, buffer: Words, pair_rows: int) -> None:
    job = descriptor(pair_rows=pair_rows)
    weights = RANDOM.integers(-127, 128, (2, SIZE, 32)).astype(np.int8)
    found = accumulate(job, buffer, weights, SIZE, None)
    assert found.shape == (2 if pair_rows else 1, 6, 32)
    assert halves(job) == len(found)
    for half, sums in enumerate(found):
        values = patches(activations, job, half * pair_offset(job))
        expected = np.einsum("prk,rkn->pn", values, weights[:, :12].astype(np.int64))
        np.testing.assert_array_equal(sums, expected)


def test_windows_of_pairs_are_as_far_apart_as_their_results() -> None:
    assert pair_offset(descriptor(pair_rows=3, window_rows=2, step_y=10)) == 60


@pytest.mark.parametrize("sign", [1, -1])
def test_sums_of_eight_rows_beyond_18_bits_are_carried_into_the_other_half(sign: int) -> None:
    """8 x 128 x 128 is 2^17, one more than 18 bits hold."""
    buffer = Words("buffer word", np.full((8, 4), -128, np.int8).view(np.float32)[:, 0])
    buffer.write(slice(None), buffer.values.copy())
    weights = np.full((1, SIZE, SIZE), -128 * sign if sign > 0 else 127, np.int8)
    job = descriptor(
        position_rows=1, position_columns=1, runs_y=1, run_words=4, tiles=1, pair_rows=4, step_y=1
    )
    lower, upper = accumulate(job, buffer, weights, SIZE, None)[:, 0, 0]
    if sign > 0:
        assert (lower, upper) == (2 * (2**17 - 2**18), 2 * (2**17 + 1))
    else:
        assert lower == upper == -16 * 128 * 127


@pytest.mark.parametrize("size", [4, 8, 16])
def test_depthwise_kernels(activations: np.ndarray, buffer: Words, size: int) -> None:
    rows, columns = {4: 1, 8: 2}.get(size, 3), 3
    job = descriptor(
        operation=Operation.DEPTHWISE,
        run_words=3,
        runs_x=4,
        runs_y=5,
        run_pitch_x=2,
        run_pitch_y=20,
        column_stride=2,
        step_x=4,
        tiles=-(-12 // size),
        channels=10,
    )
    channels = job.tiles * size
    kernel = RANDOM.integers(-128, 128, (5, 4, channels)).astype(np.int8)
    down, across = -(-5 // rows), 2
    padded = np.zeros((down * rows, across * columns, channels), np.int8)
    padded[:5, :4] = kernel
    blocks = padded.reshape(down, rows, across, columns, channels).transpose(0, 2, 1, 3, 4)
    weights = np.zeros((down * across, size, channels), np.int8)
    weights[:, : rows * columns] = blocks.reshape(down * across, -1, channels)
    (found,) = accumulate(job, buffer, weights, size, None)
    expected = np.zeros((6, 12), np.int64)
    for position in range(6):
        y, x = divmod(position, 3)
        for ky, kx in np.ndindex(5, 4):
            first = 10 * y + 4 * x + 20 * ky + 2 * kx
            unsigned = activations[first : first + 3].reshape(-1).astype(np.int64) + 128
            expected[position] += unsigned * kernel[ky, kx, :12]
    np.testing.assert_array_equal(found[:, :12], expected)
    weights[0, rows * columns :] = 1
    if size > 4:
        with pytest.raises(AssertionError, match="tap that does not exist"):
            accumulate(job, buffer, weights, size, None)
    weights[:] = 1
    with pytest.raises(AssertionError, match="tap that does not exist"):
        accumulate(job, buffer, weights, size, None)


@pytest.mark.parametrize("operation", [Operation.SUM, Operation.MAX])
@pytest.mark.parametrize("pair_rows", [0, 3])
def test_sums_and_maxima(
    activations: np.ndarray, buffer: Words, operation: Operation, pair_rows: int
) -> None:
    job = descriptor(operation=operation, pair_rows=pair_rows, tiles=1, channels=12)
    found = accumulate(job, buffer, None, SIZE, None)
    for half, sums in enumerate(found):
        values = patches(activations, job, half * 30)
        expected = values.sum(axis=1) if operation == Operation.SUM else values.max(axis=1)
        np.testing.assert_array_equal(sums[:, :12], expected)
        assert not sums[:, 12:].any()


def test_slices_are_added_to_earlier_sums(buffer: Words) -> None:
    job = descriptor(operation=Operation.SUM, tiles=1)
    before = np.full((1, 6, SIZE), 2**31 - 100, np.int32)
    alone = accumulate(job, buffer, None, SIZE, None).astype(np.int64)
    found = accumulate(job, buffer, None, SIZE, before)
    np.testing.assert_array_equal(found, (alone + 2**31 - 100).astype(np.int32))
    assert (found < 0).any()


def test_of_earlier_sums_the_low_byte_is_compared(buffer: Words) -> None:
    job = descriptor(operation=Operation.MAX, tiles=1)
    alone = accumulate(job, buffer, None, SIZE, None)
    before = np.full((1, 6, SIZE), 0x1234FF, np.int32)
    found = accumulate(job, buffer, None, SIZE, before)
    # 0xFF is -1; a larger byte takes the place of the sum.
    np.testing.assert_array_equal(found, np.where(alone > -1, alone, 0x1234FF))
    assert (alone > -1).any() and (alone < -1).any()


def test_words_of_both_positions_have_to_be_written(buffer: Words) -> None:
    job = descriptor(operation=Operation.SUM, tiles=1, step_y=100, position_rows=1, pair_rows=1)
    accumulate(job, buffer, None, SIZE, None)
    with pytest.raises(UnwrittenReadError, match="buffer word 200"):
        accumulate(
            descriptor(operation=Operation.SUM, tiles=1, step_y=176, position_rows=1, pair_rows=1),
            buffer,
            None,
            SIZE,
            None,
        )
