"""The engine's rates and latencies, in cycles."""

from collections.abc import Callable
from dataclasses import replace

import cocotb
import pytest

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import FUNCTION_LATENCY, Fence, Operation
from modelgen.targets.systolic.cost import CONSTANTS, fetch_cycles, store_latency, table_cycles
from modelgen.targets.systolic.descriptor import Descriptor
from tests.hw.engine_bench import MEMORY_BASE, EngineBench
from tests.hw.engine_chains import (
    ACCUMULATOR_DEPTH,
    DONE,
    fill_memory,
    prepared,
    run_and_compare,
    run_on_engine,
)
from tests.hw.engine_jobs import Maker

HALF = ACCUMULATOR_DEPTH // 2

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("array_size", "port_words"),
    [(4, 1), (8, 4), (12, 2), pytest.param(16, 4, marks=pytest.mark.nightly)],
)
def test_engine_rates(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


def still(m: Maker, operation: Operation, positions: int, slice_count: int) -> Descriptor:
    """Returns a job whose positions and slices all read the same words of the buffer."""
    size = m.hardware.array_size
    job = m.job(operation, rows=1, columns=1, channels=size)
    job = replace(job, position_rows=positions, runs_y=slice_count, step_y=0, run_pitch_y=0)
    return replace(job, weights=m.weights(job))


def computing(operation: Operation):
    """Slices of 64 positions enter the array one a cycle, or as fast as their weights come."""

    def cycles(hw: Hardware) -> int:
        size, port = hw.array_size, hw.port_words
        if operation == Operation.DEPTHWISE:
            return 4 * max(64, tile_beats(size, port) + line_beats(size, port) + 1)
        return 4 * 64

    return lambda m, scale: still(m, operation, 64, 4 * scale), cycles


def tile_beats(size: int, port_words: int) -> int:
    """Returns the port cycles of a tile's weights."""
    return size * size // (4 * port_words)


def line(size: int) -> int:
    """Returns a size in bytes, rounded up to whole lines."""
    return -(-size // 16) * 16


def line_beats(size: int, port_words: int) -> int:
    """Returns the port cycles of a depthwise tile's weights."""
    return line(size) // (4 * port_words)


def last_columns(m: Maker, scale: int) -> Descriptor:
    """A full tile and one of three columns, in use for one position."""
    job = replace(still(m, Operation.MATMUL, 1, 16 * scale), tiles=2)
    return m.storing(replace(job, channels=m.hardware.array_size + 3), 1, 1)


def storing_to_memory(m: Maker, scale: int) -> Descriptor:
    return m.storing(still(m, Operation.MATMUL, 64 * scale, 1), 64 * scale, 1)


def storing_to_buffer(m: Maker, scale: int) -> Descriptor:
    return replace(m.in_buffer(storing_to_memory(m, scale), 64), store_pitch_y=4)


def adding_to_memory(m: Maker, scale: int) -> Descriptor:
    return m.with_residual(storing_to_memory(m, scale))


def adding_to_buffer(m: Maker, scale: int) -> Descriptor:
    return m.with_residual(storing_to_buffer(m, scale))


def sloped_to_buffer(m: Maker, scale: int) -> Descriptor:
    return replace(storing_to_buffer(m, scale), slope=0.5)


def pooling(m: Maker, scale: int) -> Descriptor:
    job = replace(still(m, Operation.MATMUL, 32 * scale, 1), position_columns=2, step_x=0)
    return m.storing(job, 16 * scale, 1, window=2)


def pooling_to_buffer(m: Maker, scale: int) -> Descriptor:
    return replace(m.in_buffer(pooling(m, scale), 64), store_pitch_y=4)


def loading(m: Maker, scale: int) -> Descriptor:
    size = m.hardware.array_size
    job = m.job(rows=8 * scale, columns=2, channels=size)
    return m.storing(replace(job, position_rows=1, position_columns=1), 1, 1)


def filling(m: Maker, scale: int) -> Descriptor:
    job = m.job(rows=1, columns=1, channels=m.hardware.array_size)
    return replace(job, fill=True, load_tail=256 * scale)


def beats(hw: Hardware) -> int:
    """Returns the accesses of the port for a position of a tile."""
    return hw.array_size // hw.port_words


def wide_beats(hw: Hardware) -> int:
    """Returns the accesses of the buffer for a position of a tile if all lanes work."""
    return -(-hw.array_size // hw.store_words)


RATES = {
    # name: (job of a scale, cycles that a scale of 2 takes longer than one of 1)
    "matmul": computing(Operation.MATMUL),
    "depthwise": computing(Operation.DEPTHWISE),
    "sum": computing(Operation.SUM),
    "maximum": computing(Operation.MAX),
    "last columns": (
        last_columns,
        lambda hw: 16 * (hw.array_size**2 + line(3 * hw.array_size)) // hw.port_bytes,
    ),
    "to memory": (storing_to_memory, lambda hw: 64 + 64 * beats(hw)),
    "to buffer": (storing_to_buffer, lambda hw: 64 + 64 * wide_beats(hw)),
    "slope to buffer": (sloped_to_buffer, lambda hw: 64 + 64 * beats(hw)),
    "residual to memory": (adding_to_memory, lambda hw: 64 + 2 * 64 * beats(hw)),
    "residual to buffer": (adding_to_buffer, lambda hw: 64 + 64 * beats(hw)),
    "windows": (pooling, lambda hw: 64 + 16 * (4 + beats(hw) - 1)),
    "windows to buffer": (pooling_to_buffer, lambda hw: 64 + 16 * (4 + wide_beats(hw) - 1)),
    "load": (loading, lambda hw: 16 * beats(hw)),
    "fill": (filling, lambda hw: 256 // hw.store_words),
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
        longer = expected(hardware)
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
    """A job costs what the compiler expects beyond its slices: before, after, between two."""
    bench = await prepared(dut, 0.0, 23)
    size, port = bench.hardware.array_size, bench.hardware.port_words
    start = fetch_cycles(bench.hardware) + CONSTANTS.start
    end = store_latency(bench.hardware) + size // port + CONSTANTS.finish

    def one_row(operation: Operation) -> Callable[[Maker], list[Descriptor]]:
        return lambda maker: [replace(still(maker, operation, 1, 1), load=False)]

    assert await cycles_of(bench, one_row(Operation.SUM)) == start + end
    weights = tile_beats(size, port) + 3
    assert await cycles_of(bench, one_row(Operation.MATMUL)) == start + weights + end

    def with_table(**changes) -> Callable[[Maker], list[Descriptor]]:
        return lambda maker: [replace(one_row(Operation.SUM)(maker)[0], **changes)]

    loading = {"load_table": True, "coefficients": MEMORY_BASE}
    loaded = await cycles_of(bench, with_table(**loading))
    table = table_cycles(bench.hardware)
    assert table - 40 < loaded - start - end <= table, "a table is loaded from the start on"
    applied = await cycles_of(bench, with_table(**loading, apply_table=True))
    assert applied - loaded == FUNCTION_LATENCY

    def repeated(count: int, **changes):
        def make(maker: Maker) -> list[Descriptor]:
            job = replace(still(maker, Operation.SUM, 64, 4), load=False, **changes)
            return [replace(job, accumulator=HALF * (i % 2)) for i in range(count)]

        return make

    hidden = [await cycles_of(bench, repeated(count)) for count in (4, 12)]
    preparation = 3
    assert hidden[1] - hidden[0] == 8 * (256 + preparation), "a store that hides takes time"
    fenced = [await cycles_of(bench, repeated(count, fence=Fence.ALL)) for count in (4, 12)]
    assert fenced[1] - fenced[0] == 8 * (256 + end)
