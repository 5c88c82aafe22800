"""Limits of INT8 jobs: malformed ones, the last words, and an engine that has no INT8."""

import os
from dataclasses import replace

import cocotb
import pytest

from modelgen.targets.systolic.abi import VERSION, Factor, Operation
from tests.hw.engine_bench import MEMORY_BASE, Allocator
from tests.hw.engine_chains import (
    ACCUMULATOR_DEPTH,
    BUFFER_WORDS,
    ERROR,
    MEMORY_BYTES,
    prepared,
    run_and_compare,
    run_on_engine,
)
from tests.hw.integer_jobs import IntegerMaker, after

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("array_size", "port_words"), [(4, 1), (8, 4), (12, 2)])
def test_engine_integer_limits(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


def test_engine_without_int8():
    run_on_engine(__name__, 8, 4, int8=False, testcase="refuse_integers")


async def expect_error(bench, maker: IntegerMaker, good, bad, code: int) -> None:
    """Runs a chain whose second job is bad."""
    allocator = Allocator(bench.memory)
    allocator.used = maker.memory.used
    await bench.ring(allocator.chain([good, bad, good]))
    assert await bench.wait() == ERROR, bad
    error = await bench.read("error")
    assert (error & 0xFF, error >> 16) == (code, 1), (bad, error & 0xFF)
    assert await bench.read("status") == 0


@cocotb.test()
async def check_errors(dut):
    """Malformed INT8 jobs stop the engine with their code; a good one works again after them."""
    bench = await prepared(dut, 0.1, 31)
    maker = IntegerMaker(bench.memory, bench.hardware)
    size, banks = bench.hardware.array_size, bench.hardware.banks
    good = maker.map_job(rows=4, columns=3, channels=2 * size)
    kernel = maker.map_job(Operation.DEPTHWISE, rows=4, columns=5, kernel=3, channels=4)
    group = banks // 4
    end = MEMORY_BASE + MEMORY_BYTES
    pair = {"pair_rows": 1, "step_y": group, "position_rows": 2, "store_rows": 2}
    far = {**pair, "pair_rows": 2, "step_y": group + banks, "destination_pitch_y": 0x7FFF_FFFC}
    in_buffer = {"store_memory": False, "store_buffer": True}
    cases = [
        (good, {"scales_only": True}, 1),
        (good, {"factor": Factor.OPERAND}, 1),
        (good, {"factor": Factor.VALUE, "apply_table": True}, 1),
        (good, {"column_stride": 1}, 1),
        (good, {"pair_rows": 1, "step_y": banks}, 1),
        (good, {"pair_rows": 1, "step_y": 0}, 1),
        (good, {"pair_rows": 4, "step_y": group}, 1),
        (good, {"span": True, "runs_y": 2, "run_pitch_y": good.run_words + 1}, 1),
        (kernel, {"pair_rows": 1}, 1),
        (kernel, {"runs_x": 256}, 1),
        (kernel, {"runs_y": 256}, 1),
        (kernel, {"step_x": kernel.step_x + 1}, 1),
        (kernel, {"column_stride": 0}, 3),
        (good, far, 2),
        (good, {"parameters": 6}, 2),
        (good, {"parameters": end}, 2),
        (good, {"load_table": True, "coefficients": end - 240}, 2),
        (good, {"add_residual": True, "residual": end}, 2),
        (good, {**pair, "input_base": BUFFER_WORDS - good.run_words - group}, 4),
        (good, {**pair, **in_buffer, "store_pitch_y": BUFFER_WORDS}, 4),
        (good, {"accumulator": ACCUMULATOR_DEPTH}, 5),
    ]
    if banks > 4:
        cases.append((kernel, {"run_pitch_y": kernel.run_pitch_y + 1}, 1))
        cases.append((good, {"pair_rows": 1, "step_y": group - 1}, 1))
    for job, changes, code in cases:
        await expect_error(bench, maker, good, replace(job, **changes), code)
    await run_and_compare(bench, maker.memory.chain([good] * 3), [good] * 3)


@cocotb.test()
async def check_last_words(dut):
    """Pairs and kernels that read the buffer's last word, pairs that store there."""
    bench = await prepared(dut, 0.0, 32)
    maker = IntegerMaker(bench.memory, bench.hardware)
    size, group = bench.hardware.array_size, bench.hardware.banks // 4
    words = size // 4
    # Sets the whole buffer.
    whole = maker.map_job(rows=1, columns=1, channels=4 * BUFFER_WORDS, outputs=4)
    fill = replace(whole, store_memory=False, run_words=1)
    pair = replace(maker.map_job(rows=2, columns=1, channels=size), load=False, position_rows=1)
    pair = replace(pair, step_y=group, pair_rows=1, input_base=BUFFER_WORDS - words - group)
    pair = maker.results(pair, 1, 1)
    last = replace(pair, destination=MEMORY_BASE + MEMORY_BYTES - 2 * pair.destination_pitch_y)
    kernel = maker.map_job(Operation.DEPTHWISE, rows=3, columns=3, kernel=3, channels=4)
    reach = 2 * kernel.run_pitch_y + 3
    kernel = replace(kernel, load=False, input_base=BUFFER_WORDS - reach)
    kept = maker.kept(replace(pair, input_base=0), BUFFER_WORDS - group - words)
    kept = replace(kept, store_pitch_y=group)
    again = maker.results(pair, 1, 1)
    chain = [fill, *map(after, (pair, last, kernel, kept, again))]
    await run_and_compare(bench, maker.memory.chain(chain), chain)
    for job in (
        replace(pair, input_base=pair.input_base + 1),
        replace(kernel, input_base=kernel.input_base + 1),
        replace(kept, store_base=kept.store_base + 1),
    ):
        await expect_error(bench, maker, fill, job, 4)
    job = replace(last, destination=last.destination + 4)
    await expect_error(bench, maker, fill, job, 2)


@cocotb.test()
async def check_int4_tiles(dut):
    """Tiles of all numbers of columns; behind them in memory lie the weights of the next slice."""
    bench = await prepared(dut, 0.2, 33)
    maker = IntegerMaker(bench.memory, bench.hardware)
    size = bench.hardware.array_size
    for count in range(1, size + 1):
        job = maker.map_job(rows=2, columns=2, channels=size + 3, outputs=size + count, int4=True)
        number = maker.job(rows=2, columns=2, channels=size + 1, outputs=count)
        number = replace(number, int4_weights=True)
        chain = [job, after(replace(number, weights=maker.weights(number)))]
        await run_and_compare(bench, maker.memory.chain(chain), chain)
        maker.memory.used = 0


@cocotb.test(skip=os.environ.get("INT8") == "1")
async def refuse_integers(dut):
    bench = await prepared(dut, 0.0, 34)
    assert await bench.read("id") == VERSION << 24 | 4 << 8 | 8
    maker = IntegerMaker(bench.memory, bench.hardware)
    good = maker.job(rows=2, columns=2)
    for bad in (maker.map_job(rows=2, columns=2), replace(good, int4_weights=True)):
        await expect_error(bench, maker, good, bad, 1)
    await run_and_compare(bench, maker.memory.chain([good] * 2), [good] * 2)
