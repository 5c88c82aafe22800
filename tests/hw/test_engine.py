"""The whole engine against the NumPy reference: random chains, stalls, errors, counters, rates."""

import os
from dataclasses import replace

import cocotb
import numpy as np
import pytest

from modelgen.targets.systolic.abi import VERSION, Factor, Fence, Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES
from modelgen.targets.systolic.reference import execute_chain
from tests.hw.engine_bench import MEMORY_BASE, Allocator
from tests.hw.engine_chains import (
    ACCUMULATOR_DEPTH,
    BUFFER_WORDS,
    DONE,
    ERROR,
    MEMORY_BYTES,
    fill_memory,
    prepared,
    run_and_compare,
    run_on_engine,
)
from tests.hw.engine_jobs import matrix_product
from tests.support.random_chains import KINDS, ChainMaker, Limits

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("array_size", "port_words"),
    [(4, 1), (8, 4), (12, 2), pytest.param(32, 4, marks=pytest.mark.nightly)],
)
def test_engine(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


async def random_chains(dut, stalls: float, seeds: range, jobs: int) -> None:
    bench = await prepared(dut, stalls, seeds.start)
    size = bench.hardware.array_size
    limits = Limits(positions=4, run=min(3 * size, 40), runs=2, tiles=2)
    for seed in seeds:
        kind = KINDS[seed % len(KINDS)]
        maker = ChainMaker(seed, bench.hardware, kind, limits, fences=(Fence.ALL,))
        chain = maker.make(jobs)
        fill_memory(bench, chain.memory)
        try:
            await run_and_compare(bench, chain.first, chain.jobs)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


@cocotb.test()
async def check_random_chains(dut):
    await random_chains(dut, 0.0, range(0, int(os.environ.get("CHAINS", "16"))), 8)


@cocotb.test()
async def check_random_chains_with_stalls(dut):
    await random_chains(dut, 0.4, range(100, 100 + int(os.environ.get("CHAINS", "8"))), 6)


@cocotb.test()
async def check_identification(dut):
    bench = await prepared(dut, 0.0, 0)
    hw = bench.hardware
    sizes = hw.port_words << 8 | hw.array_size
    assert await bench.read("id") == VERSION << 24 | hw.int8 << 16 | sizes
    assert await bench.read("buffer") == BUFFER_WORDS
    assert await bench.read("accumulator") == ACCUMULATOR_DEPTH
    assert await bench.read("status") == 0


@cocotb.test()
async def check_weights_stream_at_full_rate(dut):
    """With one row a tile is used in one cycle only: the port must carry weights in each cycle."""
    bench = await prepared(dut, 0.0, 1)
    hw, size = bench.hardware, bench.hardware.array_size
    memory = Allocator(bench.memory)
    job = matrix_product(memory, hw, 1, 16 * size, 4)
    await run_and_compare(bench, memory.chain([job]), [job])
    counters = await bench.counters()
    moved = 16 * 4 * size * size + 4 * 16 * size + 4 * (2 + 1) * 4 * size
    assert counters["busy"] == 4 * 16
    # Start, pipeline and end are the same few cycles whatever the size.
    assert counters["cycles"] < moved // (4 * hw.port_words) + 90 + 5 * size


@cocotb.test()
async def check_resident_jobs_follow_without_a_gap(dut):
    """Jobs that load nothing and whose stores hide: the array is busy but for start and end."""
    bench = await prepared(dut, 0.0, 2)
    hw, size = bench.hardware, bench.hardware.array_size
    memory = Allocator(bench.memory)
    rows, half = 32, hw.accumulator_depth // 2
    slices = BUFFER_WORDS // rows // size
    first = matrix_product(memory, hw, rows, slices * size, 1)
    others = [
        replace(
            first,
            load=False,
            accumulator=half * (number % 2),
            destination=memory.place(bytes(4 * rows * size)),
        )
        for number in range(1, 9)
    ]
    chain = [first, *others]
    await run_and_compare(bench, memory.chain(chain), chain)
    counters = await bench.counters()
    assert counters["busy"] == len(chain) * slices * rows
    port = rows * size // hw.port_words  # storing one job
    tile = size * size // (4 * hw.port_words)
    job = max(slices * max(rows, tile), port + slices * tile + 2 * size // hw.port_words + 40)
    load = rows * slices * size // hw.port_words
    preparation = 3  # of a job, before its first slice
    jobs = len(chain) * (job + 4 + preparation)
    assert counters["cycles"] < load + jobs + port + 120 + 3 * size


@cocotb.test()
async def check_results_in_the_buffer_are_read_by_the_job_after_the_next(dut):
    """Without a fence a job computes when all but the last reporting one have stored."""
    bench = await prepared(dut, 0.0, 3)
    hw, size = bench.hardware, bench.hardware.array_size
    memory = Allocator(bench.memory)
    half, rows = hw.accumulator_depth // 2, min(512 // (6 * size), 8)
    chain = []
    for number in range(6):
        job = matrix_product(memory, hw, rows, size, 1, seed=number)
        buffer = {"store_buffer": True, "store_base": number * rows * size, "store_pitch_y": size}
        job = replace(job, accumulator=half * (number % 2), load_base=512, input_base=512, **buffer)
        if number >= 2:
            job = replace(job, load=False, input_base=(number - 2) * rows * size)
        elif number == 1:
            job = replace(job, load_base=768, input_base=768)
        chain.append(job)
    await run_and_compare(bench, memory.chain(chain), chain)


@cocotb.test()
async def check_fences(dut):
    """Each job reads from memory what the one before, or before that, has stored."""
    bench = await prepared(dut, 0.3, 4)
    hw, size = bench.hardware, bench.hardware.array_size
    memory = Allocator(bench.memory)
    half = hw.accumulator_depth // 2
    for fence, distance in ((Fence.ALL, 1), (Fence.ALL_BUT_LAST, 2)):
        chain = []
        for number in range(7):
            job = matrix_product(memory, hw, 8, size, 1, seed=number)
            place = number % 4 * 128
            job = replace(
                job,
                load_base=place,
                input_base=place,
                load_pitch_y=min(size, 16),
                step_y=min(size, 16),
                load_rows=4,
                position_rows=4,
                store_rows=4,
                accumulator=half * (number % 2),
            )
            if size > 16:
                job = replace(job, run_words=16, load_words=16, source_pitch_y=4 * 16)
            if number >= distance:
                earlier = chain[number - distance]
                pitch = earlier.destination_pitch_y
                job = replace(job, fence=fence, source=earlier.destination, source_pitch_y=pitch)
            chain.append(job)
        await run_and_compare(bench, memory.chain(chain), chain)


@cocotb.test()
async def check_errors(dut):
    """Each malformed descriptor stops the engine with its code and index; then it works again."""
    bench = await prepared(dut, 0.1, 5)
    memory = Allocator(bench.memory)
    memory.used = 64
    hw = bench.hardware
    good = matrix_product(memory, hw, 3, 2 * hw.array_size, 1)
    good = replace(good, residual=good.destination, profile=memory.place(bytes(32)))
    end = MEMORY_BASE + MEMORY_BYTES
    in_buffer = {"store_buffer": True, "store_memory": False, "store_pitch_y": hw.array_size}
    cases = [
        ({"reserved": ((1, 1 << 25),)}, 1),
        ({"ties_even": True}, 1),
        ({"int4_weights": True, "operation": Operation.DEPTHWISE}, 1),
        ({"int8": True, "scales_only": True}, 1),
        ({"factor": Factor.VALUE}, 1),
        ({"factor": Factor.OPERAND, "add_residual": True}, 1),
        ({"factor": 3, "apply_table": True}, 1),
        ({"column_stride": 1}, 1),
        ({"pair_rows": 0x8000}, 1),
        ({"reserved": ((31, 1 << 9),)}, 1),
        ({"span": True, "operation": Operation.SUM}, 1),
        ({"span": True, "runs_x": 2}, 1),
        ({"span": True, "runs_y": 2, "run_pitch_y": 2 * hw.array_size + 1}, 1),
        ({"store_rows": 4}, 1),
        ({"window_columns": 2}, 1),
        ({"fill": True, "load_pitch_y": good.load_words - 1}, 1),
        ({"load": False, "fill": True, "load_columns": 0xFFFF}, 1),
        ({"source": 0}, 2),
        ({"source": good.source + 2}, 2),
        ({"source_pitch_y": 0x7FFF_FFF0}, 2),
        ({"source_pitch_y": 6}, 2),
        ({"source_pitch_y": 0xFFFF_FFFC}, 2),
        ({"source_pitch_x": 0xFFFF_FFFC}, 2),
        ({"destination_pitch_x": 0x8000_0000}, 2),
        ({"destination_pitch_y": 0xFFFF_FFFC}, 2),
        ({"weights": good.weights + 4}, 2),
        ({"weights": 0x1000_0000}, 2),
        ({"weights": end}, 2),
        ({"destination": 0x1000_0000}, 2),
        ({"destination": end}, 2),
        ({"destination_pitch_y": 2}, 2),
        ({"add_residual": True, "residual": 0x1000_0000}, 2),
        ({"add_residual": True, "residual": 1}, 2),
        ({"factor": Factor.OPERAND, "residual": 1}, 2),
        ({"factor": Factor.OPERAND, "residual": end}, 2),
        ({"parameters": 4}, 2),
        ({"scales_only": True, "parameters": end}, 2),
        ({"load_table": True, "coefficients": MEMORY_BASE + 8}, 2),
        ({"load_table": True, "coefficients": end - 4080}, 2),
        ({"profile": 8}, 2),
        ({"profile": 0x7000_0000}, 2),
        ({"load_rows": 0}, 3),
        ({"load_words": 0}, 3),
        ({"position_rows": 0}, 3),
        ({"run_words": 0}, 3),
        ({"runs_y": 0}, 3),
        ({"tiles": 0}, 3),
        ({"channels": 0}, 3),
        ({"store_columns": 0}, 3),
        ({"window_rows": 0}, 3),
        ({"load_base": BUFFER_WORDS}, 4),
        ({"fill": True, "load_tail": BUFFER_WORDS}, 4),
        ({"load": False, "fill": True, "load_head": BUFFER_WORDS + 1}, 4),
        ({"input_base": 65535}, 4),
        ({"step_y": 65535}, 4),
        ({"run_pitch_y": 65535, "runs_y": 2}, 4),
        ({**in_buffer, "store_base": BUFFER_WORDS - 1}, 4),
        ({"accumulator": ACCUMULATOR_DEPTH}, 5),
        ({"tiles": 65535, "weights": MEMORY_BASE}, 5),
    ]
    for position in (0, 2):
        for changes, code in cases:
            chain = [good] * position + [replace(good, **changes), good]
            allocator = Allocator(bench.memory)
            allocator.used = memory.used
            first = allocator.chain(chain)
            await bench.ring(first)
            assert await bench.wait() == ERROR, changes
            error = await bench.read("error")
            assert (error & 0xFF, error >> 16) == (code, position), changes
            assert await bench.read("error_address") == first + DESCRIPTOR_BYTES * position
            assert await bench.read("status") == 0
    await run_and_compare(bench, memory.chain([good] * 3), [good] * 3)
    assert await bench.read("error") == 0


@cocotb.test()
async def check_bad_descriptor_addresses(dut):
    bench = await prepared(dut, 0.0, 6)
    memory = Allocator(bench.memory)
    good = matrix_product(memory, bench.hardware, 1, 4, 1)
    for address in (MEMORY_BASE + 4, 0, MEMORY_BASE + MEMORY_BYTES, 0x1000_0000):
        await bench.ring(address)
        assert await bench.wait() == ERROR
        assert await bench.read("error") == 6
        assert await bench.read("error_address") == address
    linked = replace(good, next=MEMORY_BASE - 64)
    await bench.ring(memory.place(linked.pack()))
    assert await bench.wait() == ERROR
    assert await bench.read("error") == 6 | 1 << 16
    assert await bench.read("error_address") == MEMORY_BASE - 64


@cocotb.test()
async def check_error_of_a_store_that_others_overtook(dut):
    """Many jobs that report nothing are computed while one stores; its error names its place."""
    bench = await prepared(dut, 0.0, 9)
    memory = Allocator(bench.memory)
    size = bench.hardware.array_size
    rows = ACCUMULATOR_DEPTH - 1
    good = matrix_product(memory, bench.hardware, 1, size, 1)
    slow = replace(good, position_rows=rows, store_rows=rows, step_y=0)
    bad = replace(slow, destination=MEMORY_BASE + MEMORY_BYTES - 4 * size * (rows - 1))
    silent = replace(good, load=False, store_memory=False, accumulator=rows)
    first = memory.chain([good, bad, *[silent] * 20, good])
    await bench.ring(first)
    assert await bench.wait() == ERROR
    assert await bench.read("error") == 2 | 1 << 16
    assert await bench.read("error_address") == first + DESCRIPTOR_BYTES


@cocotb.test()
async def check_doorbell_while_busy(dut):
    bench = await prepared(dut, 0.0, 7)
    memory = Allocator(bench.memory)
    chain = [matrix_product(memory, bench.hardware, 6, 20, 2)] * 2
    first = memory.chain(chain)
    expected = bytearray(bench.memory)
    execute_chain(expected, MEMORY_BASE, first, bench.hardware)
    await bench.ring(first)
    assert await bench.read("status") == 1
    await bench.write("doorbell", 1)
    assert await bench.wait() & ERROR
    assert await bench.read("error") & 0xFF == 7
    await bench.write("interrupt", ERROR)
    assert await bench.wait() == DONE
    assert bench.memory == expected


@cocotb.test()
async def check_reset_in_the_middle(dut):
    """Wherever a reset comes, the engine is idle after it and computes the next chain rightly."""
    bench = await prepared(dut, 0.2, 8)
    hw = bench.hardware
    maker = ChainMaker(8, hw, "normal", Limits(3, 20, 2, 1), fences=(Fence.ALL,))
    chain = maker.make(4)
    for cycles in (3, 40, 160, 700):
        fill_memory(bench, chain.memory)
        await bench.ring(chain.first)
        for _ in range(cycles):
            await bench.step()
        await bench.reset()
        assert await bench.read("status") == 0
        fill_memory(bench, chain.memory)
        await run_and_compare(bench, chain.first, chain.jobs)


@cocotb.test(skip=os.environ.get("ARRAY_SIZE") != "8")
async def check_a_chain_of_a_thousand(dut):
    bench = await prepared(dut, 0.0, 9)
    memory = Allocator(bench.memory)
    job = matrix_product(memory, bench.hardware, 2, 5, 1)
    jobs = [replace(job, accumulator=number % 2 * 64) for number in range(2)]
    chain = [jobs[number % 2] for number in range(1000)]
    await run_and_compare(bench, memory.chain(chain), chain)


@cocotb.test()
async def check_profile(dut):
    """The profile holds the counters as they stood when the descriptor had stored."""
    bench = await prepared(dut, 0.2, 10)
    memory = Allocator(bench.memory)
    job = matrix_product(memory, bench.hardware, 5, 20, 2)
    chain = [
        replace(job, profile=memory.place(bytes(32)), fence=Fence.ALL, store_memory=number != 1)
        for number in range(4)
    ]
    await bench.ring(memory.chain(chain))
    assert await bench.wait() == DONE
    final = await bench.counters()
    previous = np.zeros(8, np.uint32)
    for job in chain:
        offset = job.profile - MEMORY_BASE
        counters = np.frombuffer(bench.memory[offset : offset + 32], np.uint32)
        assert (counters >= previous).all()
        assert counters[1:7].sum() == counters[0]
        previous = counters
    assert previous[0] <= final["cycles"] < previous[0] + 40
    assert previous[1] == final["busy"]
