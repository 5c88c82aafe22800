"""Descriptor chains on a memory image: layers, random jobs by their definition, and every error."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Error, Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.targets.systolic.reference import (
    ChainResult,
    Scratchpad,
    UnwrittenReadError,
    execute_chain,
)
from tests.support.exact_engine import ExactEngine
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


SIZE = 4
HARDWARE = Hardware(array_size=SIZE, buffer_words=2048, accumulator_depth=64)
CHAIN, SOURCE, WEIGHTS, PARAMETERS, DESTINATION, RESIDUAL = range(BASE, BASE + 0x6000, 0x1000)
HEIGHT, WIDTH, CHANNELS, OUTPUTS = 5, 6, 3, 7
PADDED_PITCH = (WIDTH + 2) * CHANNELS


@dataclass
class Machine:
    """Memory in which sums are exact: small integers, scales that are powers of two."""

    memory: bytearray = field(default_factory=lambda: bytearray(0x6000))
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))

    def put(self, address: int, values: np.ndarray) -> np.ndarray:
        data = values.tobytes()
        self.memory[address - BASE : address - BASE + len(data)] = data
        return values

    def put_integers(self, address: int, shape: tuple[int, ...]) -> np.ndarray:
        return self.put(address, self.random.integers(-40, 41, shape).astype("<f4"))

    def put_parameters(self, channels: int) -> None:
        tiles = -(-channels // SIZE)
        scale = 2.0 ** self.random.integers(-3, 3, (tiles, SIZE))
        bias = self.random.integers(-9, 10, (tiles, SIZE)).astype(float)
        self.put(PARAMETERS, np.stack([scale, bias], axis=1).astype("<f4"))
        self.scale, self.bias = scale.reshape(-1)[:channels], bias.reshape(-1)[:channels]

    def run(
        self,
        *jobs: Descriptor,
        hardware: Hardware = HARDWARE,
        scratchpad: Scratchpad | None = None,
        written: np.ndarray | None = None,
    ) -> ChainResult:
        image = link(list(jobs), CHAIN)
        self.memory[: len(image)] = image
        return execute_chain(self.memory, BASE, CHAIN, hardware, scratchpad, written)

    def stored(self, *shape: int) -> np.ndarray:
        start = DESTINATION - BASE
        return np.frombuffer(self.memory, "<f4", int(np.prod(shape)), start).reshape(shape)


def written_scratchpad(hardware: Hardware = HARDWARE) -> Scratchpad:
    """Returns buffer and accumulators that may be read, as if earlier chains had set them."""
    scratchpad = Scratchpad(hardware)
    for words in (scratchpad.buffer, scratchpad.accumulators):
        words.write(slice(None), 0.0)
    return scratchpad


def feature_map(**changes: Any) -> Descriptor:
    """A job that loads a feature map with one pixel of padding, and stores all positions."""
    job = Descriptor(
        load=True,
        fill=True,
        first=True,
        store_memory=True,
        source=SOURCE,
        source_row_pitch=4 * WIDTH * CHANNELS,
        source_column_pitch=4 * CHANNELS,
        load_rows=HEIGHT,
        load_columns=WIDTH,
        load_words=CHANNELS,
        load_pitch=PADDED_PITCH,
        load_base=10,
        load_head=PADDED_PITCH + CHANNELS,
        load_tail=PADDED_PITCH,
        input_base=10,
        step_x=CHANNELS,
        step_y=PADDED_PITCH,
        position_columns=WIDTH,
        position_rows=HEIGHT,
        run=3 * CHANNELS,
        runs_y=3,
        runs_x=1,
        run_pitch_y=PADDED_PITCH,
        tiles=2,
        columns=OUTPUTS,
        weights=WEIGHTS,
        parameters=PARAMETERS,
        destination=DESTINATION,
        window_columns=1,
        window_rows=1,
    )
    job = replace(job, **changes)
    store = {
        "store_columns": job.position_columns // job.window_columns,
        "store_rows": job.position_rows // job.window_rows,
        "pitch_x": 4 * job.columns,
    }
    store["pitch_y"] = store["store_columns"] * store["pitch_x"]
    return replace(job, **(store | changes))


def windows(padded: np.ndarray, stride: int = 1) -> np.ndarray:
    """Returns (rows, columns, 3, 3, channels) of a padded map."""
    view = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    return view[::stride, ::stride].transpose(0, 1, 3, 4, 2)


def pad(values: np.ndarray, value: float = 0.0) -> np.ndarray:
    return np.pad(values, ((1, 1), (1, 1), (0, 0)), constant_values=value)


def convolve(machine: Machine, padding: float = 0.0) -> np.ndarray:
    """Places data of a 3 x 3 convolution whose runs are cut apart; returns scaled, biased sums."""
    values = machine.put_integers(SOURCE, (HEIGHT, WIDTH, CHANNELS))
    weights = machine.random.integers(-127, 128, (3, 12, 8)).astype(np.int8)
    weights[:, 9:] = 0
    weights[:, :, OUTPUTS:] = 0
    machine.put(WEIGHTS, weights.reshape(9, SIZE, 2, SIZE).transpose(0, 2, 1, 3))
    machine.put_parameters(OUTPUTS)
    kernel = weights[:, :9, :OUTPUTS].reshape(3, 3, CHANNELS, OUTPUTS).astype(float)
    sums = np.einsum("yxijc,ijcn->yxn", windows(pad(values, padding)), kernel)
    return sums * machine.scale + machine.bias


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
    kernel = rows.transpose(0, 2, 1, 3).reshape(3, 12, 8)[:, :9].reshape(27, 8)
    stream = np.zeros((28, 8), np.int8)
    stream[:27] = kernel
    machine.put(WEIGHTS, stream.reshape(7, SIZE, 2, SIZE).transpose(0, 2, 1, 3))
    pitch = 9 + 16
    changes = {"load_pitch": pitch, "step_y": pitch, "run_pitch_y": pitch, "span": True}
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
        store_step_x=OUTPUTS,
        store_step_y=frame,
    )
    make_frame = feature_map(
        load=False,
        store_memory=False,
        load_words=OUTPUTS,
        load_pitch=frame,
        load_base=1000,
        load_head=frame + OUTPUTS,
        load_tail=frame,
        input_base=1000,
        position_rows=1,
        position_columns=1,
        runs_y=1,
        run=1,
    )
    pool = feature_map(
        operation=Operation.SUM,
        load=False,
        fill=False,
        input_base=1000,
        step_x=OUTPUTS,
        step_y=frame,
        run=OUTPUTS,
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
            source_row_pitch=4 * WIDTH * channels,
            source_column_pitch=4 * channels,
            load_words=channels,
            load_pitch=pitch,
            load_head=pitch + channels,
            load_tail=pitch,
            fill_value=padding,
            step_x=2 * channels,
            step_y=2 * pitch,
            position_columns=3,
            position_rows=3,
            run=channels,
            runs_x=3,
            run_pitch_x=channels,
            run_pitch_y=pitch,
            columns=channels,
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


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"operation": 0}, Error.BAD_OPERATION),
        ({"operation": 5}, Error.BAD_OPERATION),
        ({"fence": 3}, Error.BAD_OPERATION),
        ({"reserved": ((1, 1 << 18),)}, Error.BAD_OPERATION),
        ({"reserved": ((8, 1 << 16),)}, Error.BAD_OPERATION),
        ({"reserved": ((16, 1 << 31),)}, Error.BAD_OPERATION),
        ({"reserved": ((30, 1),)}, Error.BAD_OPERATION),
        ({"reserved": ((31, 1),)}, Error.BAD_OPERATION),
        ({"span": True}, Error.BAD_OPERATION),
        ({"span": True, "run": 12, "runs_x": 2}, Error.BAD_OPERATION),
        ({"span": True, "run": 4, "operation": 3}, Error.BAD_OPERATION),
        ({"window_rows": 2, "store_rows": 3}, Error.BAD_OPERATION),
        ({"store_columns": 7}, Error.BAD_OPERATION),
        ({"profile": BASE + 4}, Error.BAD_ADDRESS),
        ({"source": BASE - 4}, Error.BAD_ADDRESS),
        ({"source": SOURCE + 2}, Error.BAD_ADDRESS),
        ({"source_row_pitch": 6}, Error.BAD_ADDRESS),
        ({"source_column_pitch": 6}, Error.BAD_ADDRESS),
        ({"weights": WEIGHTS + 4}, Error.BAD_ADDRESS),
        ({"weights": BASE + 0x5FF0}, Error.BAD_ADDRESS),
        ({"parameters": BASE + 0x6000}, Error.BAD_ADDRESS),
        ({"destination": BASE + 0x5FF0}, Error.BAD_ADDRESS),
        ({"destination": DESTINATION + 2}, Error.BAD_ADDRESS),
        ({"pitch_x": 30}, Error.BAD_ADDRESS),
        ({"add_residual": True, "residual": BASE - 4}, Error.BAD_ADDRESS),
        ({"load_rows": 0}, Error.ZERO_DIMENSION),
        ({"load": False, "load_words": 0}, Error.ZERO_DIMENSION),
        ({"position_rows": 0}, Error.ZERO_DIMENSION),
        ({"position_columns": 0, "store_memory": False}, Error.ZERO_DIMENSION),
        ({"run": 0}, Error.ZERO_DIMENSION),
        ({"runs_x": 0}, Error.ZERO_DIMENSION),
        ({"runs_y": 0}, Error.ZERO_DIMENSION),
        ({"tiles": 0}, Error.ZERO_DIMENSION),
        ({"columns": 0, "pitch_x": 4}, Error.ZERO_DIMENSION),
        ({"store_rows": 0}, Error.ZERO_DIMENSION),
        ({"window_columns": 0, "store_columns": 1}, Error.ZERO_DIMENSION),
        ({"load_base": 1900}, Error.BUFFER_OVERFLOW),
        ({"load_tail": 2000}, Error.BUFFER_OVERFLOW),
        ({"input_base": 1950}, Error.BUFFER_OVERFLOW),
        ({"store_buffer": True, "store_step_y": 600}, Error.BUFFER_OVERFLOW),
        ({"accumulator": 5}, Error.ACCUMULATOR_OVERFLOW),
    ],
)
def test_errors(change: dict[str, Any], error: Error) -> None:
    good = feature_map()
    result = Machine().run(good, replace(good, **change))
    assert (result.error, result.index) == (error, 1)
    assert result.address == CHAIN + DESCRIPTOR_BYTES


def test_what_is_not_used_may_be_anything() -> None:
    """Without loading and storing, their words are not looked at; sums need no weights."""
    job = replace(
        feature_map(operation=Operation.SUM, run=8, load=False, fill=False, store_memory=False),
        source=3,
        load_rows=0,
        weights=7,
        parameters=1,
        destination=1,
        store_rows=0,
        window_rows=0,
    )
    result = Machine().run(job, scratchpad=written_scratchpad())
    assert result.error is Error.NONE


@pytest.mark.parametrize(("run", "runs", "allowed"), [(2, 9, False), (2, 8, True), (3, 9, True)])
def test_short_runs_may_be_spanned_if_few(run: int, runs: int, allowed: bool) -> None:
    """A slice crosses at most seven runs."""
    hardware = replace(HARDWARE, array_size=16)
    job = feature_map(span=True, run=run, runs_y=runs, run_pitch_y=run + 32, step_y=1)
    scratchpad = written_scratchpad(hardware)
    job = replace(job, columns=1, tiles=1)
    result = Machine().run(job, hardware=hardware, scratchpad=scratchpad)
    assert (result.error is Error.NONE) == allowed


def test_bad_descriptor_address() -> None:
    memory = bytearray(256)
    assert execute_chain(memory, BASE, BASE + 8, HARDWARE).error is Error.BAD_DESCRIPTOR
    assert execute_chain(memory, BASE, BASE + 144, HARDWARE).error is Error.BAD_DESCRIPTOR


def test_the_longest_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelgen.targets.systolic.reference.executor._LAST_INDEX", 1)
    result = Machine().run(feature_map(), feature_map())
    assert (result.error, result.index) == (Error.NONE, 1)
    result = Machine().run(feature_map(), feature_map(), feature_map())
    assert (result.error, result.index) == (Error.CHAIN_TOO_LONG, 1)
    assert result.address == CHAIN + DESCRIPTOR_BYTES


def test_a_loop_is_refused() -> None:
    machine = Machine()
    machine.put(CHAIN, np.frombuffer(replace(feature_map(), next=CHAIN).pack(), np.uint8))
    with pytest.raises(ValueError, match="no end"):
        execute_chain(machine.memory, BASE, CHAIN, HARDWARE)


def test_of_overlapping_results_the_last_one_stays() -> None:
    """Tiles come first, then rows and columns, then channels."""
    machine = Machine()
    expected = convolve(machine)
    machine.run(feature_map(pitch_x=8, pitch_y=12))
    flat = np.zeros(OUTPUTS + 2 * (WIDTH - 1) + 3 * (HEIGHT - 1))
    for first in range(0, OUTPUTS, SIZE):
        for y, x in np.ndindex(HEIGHT, WIDTH):
            for channel in range(first, min(first + SIZE, OUTPUTS)):
                flat[3 * y + 2 * x + channel] = expected[y, x, channel]
    np.testing.assert_array_equal(machine.stored(len(flat)), flat)


def test_both_memories_of_the_engine_begin_with_other_junk_each_time() -> None:
    one, other = Scratchpad(HARDWARE), Scratchpad(HARDWARE)
    for name in ("buffer", "accumulators"):
        mine, theirs = (getattr(pad, name).values.view(np.uint32) for pad in (one, other))
        assert (mine != theirs).mean() > 0.99
        again = [getattr(Scratchpad(HARDWARE, 5), name).values.view(np.uint32) for _ in range(2)]
        np.testing.assert_array_equal(*again)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"load": False}, "buffer word 37"),
        ({"fill": False}, "buffer word 10"),
        ({"input_base": 14}, "buffer word 181"),
        ({"first": False}, "accumulator 0"),
    ],
)
def test_what_nothing_has_written_is_not_read(change: dict[str, Any], what: str) -> None:
    with pytest.raises(UnwrittenReadError, match=f"descriptor 0: it reads {what}, which nothing"):
        Machine().run(feature_map(**change))


@pytest.mark.parametrize(("rows", "place"), [(HEIGHT, None), (HEIGHT + 1, HEIGHT)])
def test_memory_that_nothing_has_written_is_not_read(rows: int, place: int | None) -> None:
    """The second job reads the rows that the first one has stored, or one more."""
    row = 4 * WIDTH * OUTPUTS
    again = feature_map(
        source=DESTINATION, source_row_pitch=row, source_column_pitch=4 * OUTPUTS, load_rows=rows
    )
    machine = Machine()
    written = np.ones(len(machine.memory) // 4, bool)
    written[(DESTINATION - BASE) // 4 :] = False
    if place is None:
        assert machine.run(feature_map(), again, written=written).error is Error.NONE
        return
    message = f"descriptor 1: it reads memory at {DESTINATION + place * row:#x}, which nothing"
    with pytest.raises(UnwrittenReadError, match=message):
        machine.run(feature_map(), again, written=written)


def test_speed() -> None:
    """A 3 x 3 convolution of 9.4 million MACs; golden outputs of networks need some of these."""
    hardware = Hardware(array_size=16)
    memory = bytearray(1 << 20)
    job = feature_map(
        load=False,
        fill=False,
        run=192,
        step_x=64,
        step_y=2112,
        run_pitch_y=2112,
        position_columns=32,
        position_rows=8,
        tiles=4,
        columns=64,
        destination=BASE + (1 << 19),
    )
    chain = link([job], BASE)
    memory[: len(chain)] = chain
    scratchpad = written_scratchpad(hardware)
    start = time.perf_counter()
    result = execute_chain(memory, BASE, BASE, hardware, scratchpad)
    assert time.perf_counter() - start < 1.0
    assert (result.error, result.macs) == (Error.NONE, 256 * 576 * 64)
