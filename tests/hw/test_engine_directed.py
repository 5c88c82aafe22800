"""The engine's modes one by one, weak fences with real overlap, and rates in cycles."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import cocotb
import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import execute_chain, new_seed, slices
from tests.hw.engine_bench import MEMORY_BASE, Allocator, EngineBench
from tests.hw.test_engine import (
    ACCUMULATOR_DEPTH,
    BUFFER_WORDS,
    DONE,
    ERROR,
    fill_memory,
    prepared,
    run_and_compare,
    run_on_engine,
    without_profiles,
)
from tests.support.nearly_valid import nearly_valid
from tests.support.overlap import check_fences
from tests.support.random_chains import KINDS, ChainMaker, Limits

HALF = ACCUMULATOR_DEPTH // 2

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("array_size", "port_words"), [(4, 1), (8, 4), (12, 2)])
def test_engine_modes(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


class Maker:
    """Makes jobs on small feature maps, with all their data in memory."""

    def __init__(self, memory: bytearray, hardware: Hardware, seed: int = 0) -> None:
        self.memory = Allocator(memory)
        self.hardware = hardware
        self.random = np.random.default_rng(seed)

    def floats(self, count: int) -> int:
        """Places `count` random FP32; returns their address."""
        return self.memory.place(self.random.standard_normal(count).astype("<f4").tobytes())

    def job(
        self,
        operation: Operation = Operation.MATMUL,
        *,
        rows: int = 5,
        columns: int = 6,
        channels: int = 3,
        outputs: int = 0,
        kernel: int = 1,
        padding: int = 0,
        stride: int = 1,
        span: bool = False,
    ) -> Descriptor:
        """Returns a job that loads a feature map, works on all its windows and stores to memory."""
        size = self.hardware.array_size
        is_matmul = operation == Operation.MATMUL
        outputs = (outputs or size) if is_matmul else channels
        run = kernel * channels if span else channels
        pitch = (columns + 2 * padding) * channels
        if span:
            banks = 1 << (size - 1).bit_length()
            pitch += -(pitch - run) % banks
        out_rows = (rows + 2 * padding - kernel) // stride + 1
        out_columns = (columns + 2 * padding - kernel) // stride + 1
        job = Descriptor(
            operation=operation,
            load=True,
            fill=padding > 0,
            first=True,
            store_memory=True,
            span=span,
            source=self.floats(rows * columns * channels),
            source_row_pitch=4 * columns * channels,
            source_column_pitch=4 * channels,
            load_rows=rows,
            load_columns=columns,
            load_words=channels,
            load_pitch=pitch,
            load_head=padding * (pitch + channels),
            load_tail=max(0, padding * (pitch - channels)),
            step_x=stride * channels,
            step_y=stride * pitch,
            position_rows=out_rows,
            position_columns=out_columns,
            run=run,
            runs_x=1 if span else kernel,
            runs_y=kernel,
            run_pitch_x=0 if span else channels,
            run_pitch_y=pitch,
            tiles=-(-outputs // size),
            columns=outputs,
        )
        return self.storing(replace(job, weights=self.weights(job)), out_rows, out_columns)

    def weights(self, job: Descriptor) -> int:
        """Places random weights for a job; returns their address."""
        size = self.hardware.array_size
        tile = size * size if job.operation == Operation.MATMUL else -(-size // 16) * 16
        count = slices.count(job, size) * job.tiles * tile
        return self.memory.place(self.random.integers(-127, 128, count).astype(np.int8).tobytes())

    def storing(self, job: Descriptor, rows: int, columns: int, window: int = 1) -> Descriptor:
        """Returns the job with `rows` x `columns` results of `window` x `window` positions each."""
        pitch = 4 * job.columns
        return replace(
            job,
            parameters=self.floats(2 * job.tiles * self.hardware.array_size),
            destination=self.memory.place(bytes(rows * columns * pitch)),
            pitch_x=pitch,
            pitch_y=columns * pitch,
            store_rows=rows,
            store_columns=columns,
            window_rows=window,
            window_columns=window,
        )

    def with_residual(self, job: Descriptor) -> Descriptor:
        count = job.store_rows * job.store_columns * job.columns
        return replace(job, add_residual=True, residual=self.floats(count))

    def in_buffer(self, job: Descriptor, base: int) -> Descriptor:
        """Returns the job with its results in the buffer instead of memory."""
        return replace(
            job,
            store_memory=False,
            store_buffer=True,
            store_base=base,
            store_step_x=job.columns,
            store_step_y=job.store_columns * job.columns,
        )


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


def several_chunks(m: Maker) -> list[Descriptor]:
    """Sums that go on over three jobs, of which only the last stores."""
    jobs = [m.job(channels=7) for _ in range(3)]
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
        load_pitch=pitch,
        load_head=pitch + size,
        load_tail=pitch - size,
        store_memory=False,
        input_base=frame,
        position_rows=1,
        position_columns=1,
    )
    stored = m.in_buffer(first, frame + pitch + size)
    stored = replace(stored, store_step_x=size, store_step_y=pitch, fence=Fence.ALL)
    reader = replace(
        m.job(rows=rows, columns=columns, channels=size, kernel=3, padding=1),
        load=False,
        fill=False,
        fence=Fence.ALL,
        input_base=frame,
    )
    return [maker, stored, reader]


def overlapping(m: Maker) -> list[Descriptor]:
    """Results that overlap, in memory and in the buffer, from which another job stores them."""
    size = m.hardware.array_size
    job = m.in_buffer(m.job(rows=3, columns=4, outputs=2 * size + 1), 64)
    job = replace(job, store_memory=True, store_step_x=1, store_step_y=size)
    job = replace(job, pitch_x=4 * job.store_step_x, pitch_y=4 * job.store_step_y)
    words = 3 * job.store_step_x + 2 * job.store_step_y + job.columns
    reader = m.job(Operation.SUM, rows=1, columns=words, channels=1)
    return [job, replace(reader, load=False, fence=Fence.ALL, input_base=job.store_base)]


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
    several_chunks,
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


def weakest_fences(jobs: Sequence[Descriptor], array_size: int) -> list[Descriptor]:
    """Returns the jobs with the weakest fence each that keeps overlapping stages apart."""
    fenced = list(jobs)
    for i, job in enumerate(jobs):
        for fence in Fence:
            fenced[i] = replace(job, fence=fence)
            try:
                check_fences(fenced, array_size)
            except AssertionError:
                continue
            break
    return fenced


@cocotb.test()
async def check_weak_fences(dut):
    """Random chains with no more fences than they need give what they give with all of them."""
    bench = await prepared(dut, 0.0, 21)
    size = bench.hardware.array_size
    limits = Limits(positions=4, run=min(2 * size, 24), runs=2, tiles=1)
    seen = set()
    for seed in range(200, 200 + int(os.environ.get("CHAINS", "6"))):
        bench.stalls = (0.0, 0.4)[seed % 2]
        kind = KINDS[seed % len(KINDS)]
        maker = ChainMaker(seed, bench.hardware, kind, limits, fences=(Fence.ALL,))
        chain = maker.make(9)
        jobs = weakest_fences(chain.jobs, size)
        seen |= {job.fence for job in jobs[1:]}
        fill_memory(bench, chain.memory)
        allocator = Allocator(bench.memory)
        allocator.used = -(-len(chain.memory) // 16) * 16
        try:
            await run_and_compare(bench, allocator.chain(jobs), jobs)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    assert Fence.NONE in seen, "the chains have no weak fences"


@cocotb.test()
async def check_nearly_valid_descriptors(dut):
    """What the reference refuses the engine refuses, and of all else it makes the same."""
    bench = await prepared(dut, 0.0, 24)
    count = int(os.environ.get("DESCRIPTORS", "60"))
    seed = int(os.environ.get("DESCRIPTOR_SEED") or new_seed())
    for number, chain in enumerate(nearly_valid(seed, bench.hardware, count)):
        where = f"DESCRIPTOR_SEED={seed}, chain {number}: {chain.jobs[1]}"
        fill_memory(bench, chain.memory)
        expected = bytearray(bench.memory)
        result = execute_chain(expected, MEMORY_BASE, chain.first, bench.hardware)
        await bench.ring(chain.first)
        assert await bench.wait() == (ERROR if result.error else DONE), (result.error, where)
        if result.error:
            error = await bench.read("error")
            assert error >> 16 == result.index == 1, where
            assert error & 0xFF == result.error, (error & 0xFF, result.error, where)
        else:
            ours, theirs = (without_profiles(m, chain.jobs) for m in (bench.memory, expected))
            assert ours == theirs, where


def still(m: Maker, operation: Operation, positions: int, slice_count: int) -> Descriptor:
    """Returns a job whose positions and slices all read the same words of the buffer."""
    size = m.hardware.array_size
    job = m.job(operation, rows=1, columns=1, channels=size)
    job = replace(job, position_rows=positions, runs_y=slice_count, step_y=0, run_pitch_y=0)
    return replace(job, weights=m.weights(job))


def computing(operation: Operation):
    """Slices of 64 positions enter the array one a cycle, or as fast as their weights come."""

    def cycles(size: int, port_words: int) -> int:
        if operation == Operation.DEPTHWISE:
            return 4 * max(64, tile_beats(size, port_words) + line_beats(size, port_words) + 1)
        return 4 * 64

    return lambda m, scale: still(m, operation, 64, 4 * scale), cycles


def tile_beats(size: int, port_words: int) -> int:
    """Returns the port cycles of a tile's weights."""
    return size * size // (4 * port_words)


def line_beats(size: int, port_words: int) -> int:
    """Returns the port cycles of a depthwise tile's weights."""
    return -(-size // 16) * 4 // port_words


def storing_to_memory(m: Maker, scale: int) -> Descriptor:
    return m.storing(still(m, Operation.MATMUL, 64 * scale, 1), 64 * scale, 1)


def storing_to_buffer(m: Maker, scale: int) -> Descriptor:
    return replace(m.in_buffer(storing_to_memory(m, scale), 64), store_step_y=4)


def adding_to_memory(m: Maker, scale: int) -> Descriptor:
    return m.with_residual(storing_to_memory(m, scale))


def adding_to_buffer(m: Maker, scale: int) -> Descriptor:
    return m.with_residual(storing_to_buffer(m, scale))


def pooling(m: Maker, scale: int) -> Descriptor:
    job = replace(still(m, Operation.MATMUL, 32 * scale, 1), position_columns=2, step_x=0)
    return m.storing(job, 16 * scale, 1, window=2)


def loading(m: Maker, scale: int) -> Descriptor:
    size = m.hardware.array_size
    job = m.job(rows=8 * scale, columns=2, channels=size)
    return m.storing(replace(job, position_rows=1, position_columns=1), 1, 1)


def filling(m: Maker, scale: int) -> Descriptor:
    job = m.job(rows=1, columns=1, channels=m.hardware.array_size)
    return replace(job, fill=True, load_tail=256 * scale)


RATES = {
    # name: (job of a scale, cycles that a scale of 2 takes longer than one of 1)
    "matmul": computing(Operation.MATMUL),
    "depthwise": computing(Operation.DEPTHWISE),
    "sum": computing(Operation.SUM),
    "maximum": computing(Operation.MAX),
    "to memory": (storing_to_memory, lambda s, p: 64 + 64 * s // p),
    "to buffer": (storing_to_buffer, lambda s, p: 64 + 64 * s // p),
    "residual to memory": (adding_to_memory, lambda s, p: 64 + 2 * 64 * s // p),
    "residual to buffer": (adding_to_buffer, lambda s, p: 64 + 64 * s // p),
    "windows": (pooling, lambda s, p: 64 + 4 * 16 * s // p),
    "load": (loading, lambda s, p: 16 * s // p),
    "fill": (filling, lambda s, p: 256 // p),
}


@cocotb.test()
async def check_rates(dut):
    """Twice the work takes longer by exactly the cycles of what limits it."""
    bench = await prepared(dut, 0.0, 22)
    hardware = bench.hardware
    for name, (make, expected) in RATES.items():
        cycles = []
        for scale in (1, 2):
            fill_memory(bench, b"")
            maker = Maker(bench.memory, hardware)
            job = make(maker, scale)
            await run_and_compare(bench, maker.memory.chain([job]), [job])
            cycles.append(await bench.read("cycles"))
        longer = expected(hardware.array_size, hardware.port_words)
        assert cycles[1] - cycles[0] == longer, (name, cycles)


async def cycles_of(bench: EngineBench, make: Callable[[Maker], list[Descriptor]]) -> int:
    """Returns the cycles of a chain; its values may be those that the buffer happens to hold."""
    fill_memory(bench, b"")
    maker = Maker(bench.memory, bench.hardware)
    await bench.ring(maker.memory.chain(make(maker)))
    assert await bench.wait() == DONE
    return await bench.read("cycles")


@cocotb.test()
async def check_latencies(dut):
    """What a job costs beyond its slices: at the start, at the end, and between two jobs."""
    bench = await prepared(dut, 0.0, 23)
    size, port = bench.hardware.array_size, bench.hardware.port_words
    start = 32 // port + tile_beats(size, port) + 6
    drain = 35 + size + size // port

    def small(maker: Maker) -> list[Descriptor]:
        return [replace(still(maker, Operation.MATMUL, 1, 1), load=False)]

    assert await cycles_of(bench, small) <= start + drain

    def repeated(count: int, **changes):
        def make(maker: Maker) -> list[Descriptor]:
            job = replace(still(maker, Operation.SUM, 64, 4), load=False, **changes)
            return [replace(job, accumulator=HALF * (i % 2)) for i in range(count)]

        return make

    hidden = [await cycles_of(bench, repeated(count)) for count in (4, 12)]
    assert hidden[1] - hidden[0] == 8 * 256, "a store that hides takes time"
    fenced = [await cycles_of(bench, repeated(count, fence=Fence.ALL)) for count in (4, 12)]
    assert fenced[1] - fenced[0] <= 8 * (256 + drain)
