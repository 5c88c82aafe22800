"""Descriptor chains on a memory image: layers, and random jobs by their definition."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelgen.arithmetic.integer.channel_forms import SHIFTS
from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sum_form import SumForm
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Error, Operation
from modelgen.targets.systolic.descriptor import Descriptor, link
from modelgen.targets.systolic.integer_parameters import sum_parameters, words_by_tile
from modelgen.targets.systolic.reference import execute_chain
from tests.support.exact_engine import ExactEngine
from tests.support.feature_map_jobs import (
    CHANNELS,
    DESTINATION,
    HEIGHT,
    OUTPUTS,
    PADDED_PITCH,
    PARAMETERS,
    RESIDUAL,
    SIZE,
    SOURCE,
    WEIGHTS,
    WIDTH,
    Machine,
    convolve,
    feature_map,
    pad,
    windows,
    written_scratchpad,
)
from tests.support.random_chains import BASE, KINDS, ChainMaker, Limits

SMALL = Limits(positions=3, run=20, runs=2, tiles=2)


@pytest.mark.parametrize("seed", range(45))
def test_random_chains_by_their_definition(seed: int) -> None:
    size = (4, 8, 12)[seed % 3]
    hardware = Hardware(array_size=size, buffer_words=512, accumulator_depth=64)
    chain = ChainMaker(seed, hardware, KINDS[seed % 4], SMALL).make(4)
    memory = bytearray(chain.memory)
    result = execute_chain(memory, BASE, chain.first, hardware)
    exact = ExactEngine(bytearray(chain.memory), BASE, size)
    for job in chain.jobs:
        exact.run(job)
    assert (result.error, result.index) == (Error.NONE, len(chain.jobs) - 1)
    assert memory == exact.memory


@pytest.mark.parametrize("seed", range(60))
def test_random_chains_of_both_kinds_by_their_definition(seed: int) -> None:
    size = (4, 8, 12, 16)[seed % 4]
    hardware = Hardware(array_size=size, buffer_words=512, accumulator_depth=64)
    maker = ChainMaker(seed, hardware, KINDS[seed % 3], SMALL, integers=0.8)
    chain = maker.make(5)
    memory = bytearray(chain.memory)
    result = execute_chain(memory, BASE, chain.first, hardware)
    exact = ExactEngine(bytearray(chain.memory), BASE, size)
    for job in chain.jobs:
        exact.run(job)
    assert (result.error, result.index) == (Error.NONE, len(chain.jobs) - 1)
    assert memory == exact.memory


def test_convolution() -> None:
    machine = Machine()
    expected = convolve(machine)
    result = machine.run(feature_map(clamp_low=0.0, clamp_high=600.0))
    assert result.error is Error.NONE
    assert result.macs == HEIGHT * WIDTH * 27 * OUTPUTS
    np.testing.assert_array_equal(machine.stored(*expected.shape), expected.clip(0, 600))


def test_padding_has_any_value() -> None:
    machine = Machine()
    expected = convolve(machine, padding=2.5)
    machine.run(feature_map(fill_value=2.5))
    np.testing.assert_array_equal(machine.stored(*expected.shape), expected)


def test_stride_skips_positions() -> None:
    machine = Machine()
    expected = convolve(machine)
    machine.run(
        feature_map(
            step_x=2 * CHANNELS, step_y=2 * PADDED_PITCH, position_columns=3, position_rows=3
        )
    )
    np.testing.assert_array_equal(machine.stored(3, 3, OUTPUTS), expected[::2, ::2])


def test_slices_that_span_runs() -> None:
    """27 words make 7 slices instead of 9; sums are exact, so that the result is the same."""
    machine = Machine()
    expected = convolve(machine)
    rows = np.frombuffer(machine.memory, np.int8, 288, WEIGHTS - BASE).reshape(9, 2, SIZE, SIZE)
    kernel = rows.transpose(0, 3, 1, 2).reshape(3, 12, 8)[:, :9].reshape(27, 8)
    stream = np.zeros((28, 8), np.int8)
    stream[:27] = kernel
    machine.put(WEIGHTS, stream.reshape(7, SIZE, 2, SIZE).transpose(0, 2, 3, 1))
    pitch = 9 + 16
    changes = {"load_pitch_y": pitch, "step_y": pitch, "run_pitch_y": pitch, "span": True}
    result = machine.run(feature_map(**changes, load_head=pitch + 3, load_tail=pitch))
    assert result.error is Error.NONE
    np.testing.assert_array_equal(machine.stored(*expected.shape), expected)


def test_residual_slope_and_window() -> None:
    machine = Machine()
    expected = convolve(machine)
    residual = machine.put_integers(RESIDUAL, (2, 3, OUTPUTS))
    machine.run(
        feature_map(
            window_rows=2, window_columns=2, add_residual=True, residual=RESIDUAL, slope=0.125
        )
    )
    pooled = expected[:4].reshape(2, 2, 3, 2, OUTPUTS).max(axis=(1, 3)) + residual
    np.testing.assert_array_equal(
        machine.stored(2, 3, OUTPUTS), np.where(pooled < 0, pooled / 8, pooled)
    )


def test_results_stay_in_the_buffer() -> None:
    """The second job reads the frame that the first one filled round its results."""
    machine = Machine()
    hidden = convolve(machine)
    frame = (WIDTH + 2) * OUTPUTS
    first = feature_map(
        store_memory=False,
        store_buffer=True,
        store_base=1000 + frame + OUTPUTS,
        store_pitch_x=OUTPUTS,
        store_pitch_y=frame,
    )
    make_frame = feature_map(
        load=False,
        store_memory=False,
        load_words=OUTPUTS,
        load_pitch_y=frame,
        load_base=1000,
        load_head=frame + OUTPUTS,
        load_tail=frame,
        input_base=1000,
        position_rows=1,
        position_columns=1,
        runs_y=1,
        run_words=1,
    )
    pool = feature_map(
        operation=Operation.SUM,
        load=False,
        fill=False,
        input_base=1000,
        step_x=OUTPUTS,
        step_y=frame,
        run_words=OUTPUTS,
        runs_x=3,
        run_pitch_x=OUTPUTS,
        run_pitch_y=frame,
    )
    assert machine.run(make_frame, first, pool).error is Error.NONE
    expected = windows(pad(hidden)).sum(axis=(2, 3)) * machine.scale + machine.bias
    np.testing.assert_array_equal(machine.stored(*expected.shape), expected)


BY_CHANNEL: dict[Operation, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    Operation.DEPTHWISE: lambda patches, kernel: (patches * kernel).sum(axis=(2, 3)),
    Operation.SUM: lambda patches, _: patches.sum(axis=(2, 3)),
    Operation.MAX: lambda patches, _: patches.max(axis=(2, 3)),
}


@pytest.mark.parametrize("operation", BY_CHANNEL)
def test_operations_by_channel(operation: Operation) -> None:
    machine = Machine()
    channels = 6
    values = machine.put_integers(SOURCE, (HEIGHT, WIDTH, channels))
    kernel = machine.random.integers(-127, 128, (3, 3, channels)).astype(np.int8)
    stream = np.zeros((9, 2, 16), np.int8)
    stream[:, 0, :4] = kernel.reshape(9, channels)[:, :4]
    stream[:, 1, :2] = kernel.reshape(9, channels)[:, 4:]
    machine.put(WEIGHTS, stream)
    machine.put_parameters(channels)
    pitch = (WIDTH + 2) * channels
    padding = -np.inf if operation == Operation.MAX else 0.0
    result = machine.run(
        feature_map(
            operation=operation,
            source_pitch_y=4 * WIDTH * channels,
            source_pitch_x=4 * channels,
            load_words=channels,
            load_pitch_y=pitch,
            load_head=pitch + channels,
            load_tail=pitch,
            fill_value=padding,
            step_x=2 * channels,
            step_y=2 * pitch,
            position_columns=3,
            position_rows=3,
            run_words=channels,
            runs_x=3,
            run_pitch_x=channels,
            run_pitch_y=pitch,
            channels=channels,
        )
    )
    sums = BY_CHANNEL[operation](windows(pad(values, padding), stride=2), kernel.astype(float))
    np.testing.assert_array_equal(
        machine.stored(3, 3, channels), sums * machine.scale + machine.bias
    )
    assert result.macs == (9 * 9 * channels if operation == Operation.DEPTHWISE else 0)


def test_chunks_of_channels_and_resident_activations() -> None:
    """The first kernel row, then the other two from what is in the buffer already."""
    machine = Machine()
    expected = convolve(machine)
    first = feature_map(runs_y=1, store_memory=False)
    rest = feature_map(
        load=False,
        fill=False,
        first=False,
        runs_y=2,
        input_base=10 + PADDED_PITCH,
        weights=WEIGHTS + 3 * 2 * SIZE * SIZE,
    )
    machine.run(first, rest)
    np.testing.assert_array_equal(machine.stored(*expected.shape), expected)


def test_of_overlapping_results_the_last_one_stays() -> None:
    """Tiles come first, then rows and columns, then channels."""
    machine = Machine()
    expected = convolve(machine)
    machine.run(feature_map(destination_pitch_x=8, destination_pitch_y=12))
    flat = np.zeros(OUTPUTS + 2 * (WIDTH - 1) + 3 * (HEIGHT - 1))
    for first in range(0, OUTPUTS, SIZE):
        for y, x in np.ndindex(HEIGHT, WIDTH):
            for channel in range(first, min(first + SIZE, OUTPUTS)):
                flat[3 * y + 2 * x + channel] = expected[y, x, channel]
    np.testing.assert_array_equal(machine.stored(len(flat)), flat)


def integer_copy(**changes: Any) -> Descriptor:
    """8 bytes of each of 4 x 6 positions, two words apart, as they are: by a factor of 1."""
    fields = {
        "int8": True,
        "operation": Operation.SUM,
        "fill": False,
        "load_words": 2,
        "source_pitch_x": 8,
        "source_pitch_y": 48,
        "load_pitch_y": 13,
        "load_head": 0,
        "step_x": 2,
        "step_y": 13,
        "position_rows": 4,
        "run_words": 2,
        "runs_y": 1,
        "channels": 8,
        "destination_pitch_x": 8,
        "destination_pitch_y": 48,
    }
    return feature_map(**fields | changes)


def copied_integers(**changes: Any) -> tuple[np.ndarray, Machine]:
    """Run such a job; return what it loaded, and memory."""
    machine = Machine()
    values = machine.random.integers(-128, 128, (HEIGHT, WIDTH, 8)).astype(np.int8)
    machine.put(SOURCE, values)
    block = words_by_tile([np.full(8, 1 << SHIFTS[0]), *np.zeros((2, 8), int)], SIZE)
    machine.put(PARAMETERS, np.frombuffer(block, np.uint8))
    assert machine.run(integer_copy(**changes)).error is Error.NONE
    return values, machine


def stored_bytes(machine: Machine, *shape: int) -> np.ndarray:
    count = int(np.prod(shape))
    return np.frombuffer(machine.memory, np.int8, count, DESTINATION - BASE).reshape(shape)


def test_integers_are_stored_four_a_word() -> None:
    values, machine = copied_integers()
    np.testing.assert_array_equal(stored_bytes(machine, 4, WIDTH, 8), values[:4])


def test_bytes_behind_the_last_channel_are_zero() -> None:
    values, machine = copied_integers(channels=6)
    found = stored_bytes(machine, 4, WIDTH, 8)
    np.testing.assert_array_equal(found[..., :6], values[:4, :, :6])
    assert not found[..., 6:].any()


def test_windows_of_integers() -> None:
    values, machine = copied_integers(
        window_rows=2, window_columns=3, store_rows=2, store_columns=2, destination_pitch_y=16
    )
    expected = values[:4].reshape(2, 2, 2, 3, 8).max(axis=(1, 3))
    np.testing.assert_array_equal(stored_bytes(machine, 2, 2, 8), expected)


@pytest.mark.parametrize(("rows", "pair_rows"), [(2, 3), (3, 2), (4, 1), (1, 1)])
def test_both_results_of_pairs(rows: int, pair_rows: int) -> None:
    """Rows that both positions have are stored twice."""
    values, machine = copied_integers(pair_rows=pair_rows, position_rows=rows, store_rows=rows)
    found = stored_bytes(machine, HEIGHT, WIDTH, 8)
    last = rows + pair_rows
    kept = [row < rows or row >= pair_rows for row in range(last)]
    np.testing.assert_array_equal(found[:last][kept], values[:last][kept])


@pytest.mark.parametrize("columns", [1, 2])
def test_of_overlapping_pairs_the_second_comes_after_each_first(columns: int) -> None:
    """A row of words apart, results overlap: of a position, those of the second one stay."""
    values, machine = copied_integers(
        pair_rows=1,
        position_rows=1,
        store_rows=1,
        position_columns=columns,
        store_columns=columns,
        destination_pitch_y=4,
    )
    found = stored_bytes(machine, 2 * columns + 1, 4)
    first, second = (row.reshape(-1, 4) for row in values[:2, :columns])
    expected = np.zeros((2 * columns + 1, 4), np.int8)
    for tile in range(2):
        for column in range(columns):
            expected[2 * column + tile] = first[2 * column + tile]
            expected[2 * column + tile + 1] = second[2 * column + tile]
    np.testing.assert_array_equal(found, expected)


def test_of_a_row_that_both_have_the_first_ones_results_stay() -> None:
    """The sums of the second job go on with those of pairs that are further apart."""
    values, machine = copied_integers()
    rows = {"position_rows": 2, "store_rows": 2}
    first = integer_copy(**rows, pair_rows=2, store_memory=False)
    assert machine.run(first, integer_copy(**rows, pair_rows=1, first=False)).error is Error.NONE
    wide = values.astype(int)
    expected = np.stack([2 * wide[0], 2 * wide[1], wide[2] + wide[3]]).clip(-128, 127)
    np.testing.assert_array_equal(stored_bytes(machine, 3, WIDTH, 8), expected)


def test_operands_of_pairs_are_where_their_results_are() -> None:
    machine = Machine()
    machine.put(SOURCE, np.zeros((HEIGHT, WIDTH, 8), np.int8))
    operand = machine.random.integers(-128, 128, (4, WIDTH, 8)).astype(np.int8)
    machine.put(RESIDUAL, operand)
    line = sum_parameters(SumForm(2**22, 2**22, 22, 0, 0), (0, 0), Clamp())
    words = words_by_tile([np.full(8, 1 << SHIFTS[0]), *np.zeros((2, 8), int)], SIZE)
    machine.put(PARAMETERS, np.frombuffer(line + words, np.uint8))
    job = integer_copy(
        pair_rows=3, position_rows=1, store_rows=1, add_residual=True, residual=RESIDUAL
    )
    assert machine.run(job).error is Error.NONE
    found = stored_bytes(machine, 4, WIDTH, 8)
    np.testing.assert_array_equal(found[[0, 3]], operand[[0, 3]])


def test_speed() -> None:
    """A 3 x 3 convolution of 9.4 million MACs; golden outputs of networks need some of these."""
    hardware = Hardware(array_size=16)
    memory = bytearray(1 << 20)
    job = feature_map(
        load=False,
        fill=False,
        run_words=192,
        step_x=64,
        step_y=2112,
        run_pitch_y=2112,
        position_columns=32,
        position_rows=8,
        tiles=4,
        channels=64,
        destination=BASE + (1 << 19),
    )
    chain = link([job], BASE)
    memory[: len(chain)] = chain
    scratchpad = written_scratchpad(hardware)
    start = time.perf_counter()
    result = execute_chain(memory, BASE, BASE, hardware, scratchpad)
    assert time.perf_counter() - start < 1.0
    assert (result.error, result.macs) == (Error.NONE, 256 * 576 * 64)
