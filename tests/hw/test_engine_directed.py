"""The engine's modes one by one, weak fences with real overlap, nearly valid descriptors."""

from dataclasses import replace

import cocotb
import numpy as np
import pytest

from modelgen.targets.systolic.abi import Factor, Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from tests.hw.engine_chains import (
    BUFFER_WORDS,
    compare_nearly_valid,
    fill_memory,
    prepared,
    run_and_compare,
    run_on_engine,
)
from tests.hw.engine_jobs import Maker
from tests.hw.weak_fences import compare_weakly_fenced
from tests.support.overlap import check_fences

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("array_size", "port_words"), [(4, 1), (8, 4), (12, 2)])
def test_engine_modes(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


def matmul(m: Maker) -> list[Descriptor]:
    """Runs of two slices and a rest, and three tiles of which the last is not full."""
    size = m.hardware.array_size
    return [m.job(rows=3, columns=3, channels=2 * size + 1, outputs=2 * size + 1)]


def linear(m: Maker) -> list[Descriptor]:
    """One position that reads all words of the buffer."""
    return [m.job(rows=1, columns=1, channels=BUFFER_WORDS, outputs=5)]


def convolution(m: Maker) -> list[Descriptor]:
    return [m.job(kernel=3, padding=1)]


def spanning_convolution(m: Maker) -> list[Descriptor]:
    """Slices go on from row to row of the kernel, and the windows are two apart."""
    two_apart = m.job(kernel=3, span=True, stride=2, rows=7)
    return [m.job(kernel=3, padding=1, span=True), replace(two_apart, fence=Fence.ALL)]


def short_spanning_runs(m: Maker) -> list[Descriptor]:
    """Slices that cross several runs of two words."""
    size = m.hardware.array_size
    job = m.job(kernel=2, channels=1, span=True)
    runs = min(8, size // 2 + 2)
    job = replace(job, runs_y=runs, position_rows=1, step_y=0, store_rows=1)
    extent = (runs - 1) * job.run_pitch_y + 64
    return [replace(job, weights=m.weights(job), load_tail=extent, fill=True, fill_value=1.5)]


def depthwise(m: Maker) -> list[Descriptor]:
    channels = min(m.hardware.array_size + 1, 13)
    return [m.job(Operation.DEPTHWISE, kernel=3, padding=1, channels=channels)]


def average(m: Maker) -> list[Descriptor]:
    return [m.job(Operation.SUM, rows=5, columns=5, kernel=5, channels=13)]


def largest(m: Maker) -> list[Descriptor]:
    """Padding of a maximum is below all numbers."""
    job = m.job(Operation.MAX, kernel=3, padding=1, stride=2, channels=7)
    return [replace(job, fill_value=-np.inf)]


def pooled(m: Maker) -> list[Descriptor]:
    """Windows of 2 x 2 of which the last row's rest is left out; windows that fill the map."""
    halves = m.job(rows=5, columns=6)
    whole = m.job(rows=3, columns=3)
    return [
        m.storing(halves, 2, 3, window=2),
        m.storing(replace(whole, fence=Fence.ALL), 1, 1, window=3),
    ]


def finished(m: Maker) -> list[Descriptor]:
    """Residual operand, slope and clamp, to memory and to the buffer; then added once more."""
    job = m.job(rows=4, columns=5, outputs=m.hardware.array_size + 3)
    job = replace(m.with_residual(job), slope=0.125)
    job = replace(m.in_buffer(job, 90), store_memory=True, clamp_low=-0.25, clamp_high=1.5)
    again = m.storing(job, job.store_rows, job.store_columns)
    return [job, replace(again, fence=Fence.ALL, residual=job.destination)]


def functions(m: Maker) -> list[Descriptor]:
    """A table, its function alone, times its argument, times an operand; then another table."""
    size = m.hardware.array_size
    job = m.with_residual(m.job(rows=3, columns=3, outputs=size + 2))
    job = replace(job, apply_table=True, coefficients=m.table(), table_reach=5, table_fraction=24)
    first = replace(job, load_table=True)
    gate = m.elsewhere(replace(job, factor=Factor.VALUE))
    product = m.elsewhere(replace(job, factor=Factor.OPERAND, add_residual=False))
    pooled = m.elsewhere(m.storing(replace(job, add_residual=False), 1, 1, window=3))
    other = m.elsewhere(replace(first, coefficients=m.table(), slope=0.5, table_fraction=27))
    plain = m.elsewhere(replace(m.in_buffer(job, 512), apply_table=False, add_residual=False))
    last = replace(other, load_table=False, table_reach=3)
    return [first, plain, gate, product, plain, pooled, other, m.elsewhere(last)]


def multiplied(m: Maker) -> list[Descriptor]:
    """Products with an operand, to memory and to the buffer."""
    job = m.with_residual(m.job(rows=4, columns=3, outputs=m.hardware.array_size + 1))
    job = replace(job, add_residual=False, factor=Factor.OPERAND)
    kept = replace(m.in_buffer(job, 700), clamp_low=0.0, fence=Fence.ALL)
    return [job, kept, reader(m, 700, kept.channels)]


def scaled_by_results(m: Maker) -> list[Descriptor]:
    """A job whose results are the scales of the next one, which needs no fence for that."""
    size = m.hardware.array_size
    vector = m.job(rows=1, columns=1, outputs=2 * size + 3)
    scaled = m.job(Operation.SUM, rows=3, columns=2, channels=2 * size + 3)
    scaled = replace(scaled, load_base=512, input_base=512, accumulator=64)
    scaled = replace(scaled, scales_only=True, parameters=vector.destination)
    return [vector, scaled, replace(m.in_buffer(scaled, 0), fence=Fence.ALL)]


def last_tiles(m: Maker) -> list[Descriptor]:
    """Last tiles of all numbers of columns; memory has no more of their weights and parameters."""
    size = m.hardware.array_size
    counts = range(1, size + 1)
    jobs = [m.job(rows=2, columns=1, channels=size + 2, outputs=size + count) for count in counts]
    return [replace(job, fence=Fence.ALL) for job in jobs]


def tile_without_channels(m: Maker) -> list[Descriptor]:
    """A tile behind the last channel, whose weights and parameters are there as a whole."""
    job = m.job(rows=2, columns=2, outputs=3)
    job = replace(job, tiles=3)
    return [m.storing(replace(job, weights=m.weights(job)), 2, 2)]


def several_chunks(m: Maker) -> list[Descriptor]:
    """Sums that go on over three jobs, of which only the last stores; the last tile is not full."""
    jobs = [m.job(channels=7, outputs=m.hardware.array_size + 3) for _ in range(3)]
    early = [replace(job, store_memory=False, load_base=256 * i) for i, job in enumerate(jobs)]
    early = [replace(job, input_base=job.load_base, first=i == 0) for i, job in enumerate(early)]
    return [*early[:2], replace(early[2], store_memory=True)]


def framed_in_the_buffer(m: Maker) -> list[Descriptor]:
    """A fill without load makes the frame; results are stored into it and read with padding."""
    size = m.hardware.array_size
    rows, columns = (5, 6) if size <= 16 else (3, 3)
    first = m.job(rows=rows, columns=columns, channels=2, outputs=size)
    pitch = (columns + 2) * size
    frame = 64
    maker = replace(
        m.job(Operation.SUM, rows=rows, columns=columns, channels=size),
        load=False,
        fill=True,
        load_base=frame,
        load_columns=columns,
        load_pitch_y=pitch,
        load_head=pitch + size,
        load_tail=pitch - size,
        store_memory=False,
        input_base=frame,
        position_rows=1,
        position_columns=1,
    )
    stored = m.in_buffer(first, frame + pitch + size)
    stored = replace(stored, store_pitch_x=size, store_pitch_y=pitch, fence=Fence.ALL)
    padded = replace(
        m.job(rows=rows, columns=columns, channels=size, kernel=3, padding=1),
        load=False,
        fill=False,
        fence=Fence.ALL,
        input_base=frame,
    )
    return [maker, stored, padded]


def reader(m: Maker, base: int, words: int) -> Descriptor:
    """Returns a job that stores words of the buffer to memory."""
    job = m.job(Operation.SUM, rows=1, columns=words, channels=1)
    return replace(job, load=False, fence=Fence.ALL, input_base=base)


def only_to_the_buffer(m: Maker) -> list[Descriptor]:
    """Results that all lanes store, from any bank on, and those that need a slope or an operand."""
    size = m.hardware.array_size
    chain = []
    for number in range(6):
        job = m.job(rows=1, columns=2, outputs=size + 1 + number, channels=4)
        job = replace(m.in_buffer(job, 512 + 3 * number), clamp_low=-2.0 if number % 2 else -np.inf)
        if number == 3:
            job = replace(job, slope=0.25)
        if number == 4:
            job = m.with_residual(job)
        fenced = replace(job, fence=Fence.ALL, store_pitch_x=job.channels + 1)
        words = [
            reader(m, fenced.store_base + i * fenced.store_pitch_x, job.channels) for i in (0, 1)
        ]
        chain += [fenced, *words]
    return chain


def pooled_in_the_buffer(m: Maker) -> list[Descriptor]:
    """Windows of which the first, the middle, the last entry is the largest, in two tiles."""
    size = m.hardware.array_size
    job = m.job(rows=2, columns=7, outputs=size + 3)
    job = replace(m.storing(job, 1, 2, window=2), window_columns=3)
    stored = m.in_buffer(job, 517)
    return [stored, reader(m, 517, 2 * stored.channels)]


def filled_while_results_are_stored(m: Maker) -> list[Descriptor]:
    """Padding that the array waits for, while the first job's results are still being stored."""
    size = m.hardware.array_size
    first = replace(m.in_buffer(m.job(rows=8, columns=4, channels=2), 512), slope=0.5)
    second = replace(m.job(rows=1, columns=1, channels=2), load_base=128, input_base=128)
    second = replace(second, accumulator=64)
    third = m.job(rows=1, columns=1, channels=size)
    third = replace(third, fill=True, fill_value=1.5, load_base=192, input_base=192)
    third = replace(third, load_tail=300, accumulator=96)
    places = [(192 + size, 96), *((512 + i, 64) for i in range(0, 32 * size, 64))]
    return [first, second, third, *(reader(m, base, words) for base, words in places)]


def overlapping(m: Maker) -> list[Descriptor]:
    """Results that overlap, in memory and in the buffer, from which another job stores them."""
    size = m.hardware.array_size
    job = m.in_buffer(m.job(rows=3, columns=4, outputs=2 * size + 1), 64)
    job = replace(job, store_memory=True, store_pitch_x=1, store_pitch_y=size)
    job = replace(
        job, destination_pitch_x=4 * job.store_pitch_x, destination_pitch_y=4 * job.store_pitch_y
    )
    words = 3 * job.store_pitch_x + 2 * job.store_pitch_y + job.channels
    return [job, reader(m, job.store_base, words)]


MODES = (
    matmul,
    linear,
    convolution,
    spanning_convolution,
    short_spanning_runs,
    depthwise,
    average,
    largest,
    pooled,
    finished,
    functions,
    multiplied,
    scaled_by_results,
    last_tiles,
    tile_without_channels,
    several_chunks,
    only_to_the_buffer,
    pooled_in_the_buffer,
    filled_while_results_are_stored,
    framed_in_the_buffer,
    overlapping,
)


@cocotb.test()
async def check_modes(dut):
    bench = await prepared(dut, 0.0, 20)
    for stalls in (0.0, 0.3):
        bench.stalls = stalls
        for seed, mode in enumerate(MODES):
            fill_memory(bench, b"")
            maker = Maker(bench.memory, bench.hardware, seed)
            chain = mode(maker)
            check_fences(chain, bench.hardware.array_size)
            try:
                await run_and_compare(bench, maker.memory.chain(chain), chain)
            except AssertionError as error:
                raise AssertionError(f"{mode.__name__}, stalls {stalls}: {error}") from error


@cocotb.test()
async def check_weak_fences(dut):
    await compare_weakly_fenced(await prepared(dut, 0.0, 21))


@cocotb.test()
async def check_nearly_valid_descriptors(dut):
    await compare_nearly_valid(await prepared(dut, 0.0, 24))
