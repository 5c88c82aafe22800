"""INT8 jobs and INT4 weights, mixed with FP32 jobs, on the engine against the NumPy reference."""

import os

import cocotb
import pytest

from modelgen.targets.systolic.abi import Fence
from tests.hw.engine_chains import (
    compare_nearly_valid,
    fill_memory,
    prepared,
    run_and_compare,
    run_on_engine,
)
from tests.hw.integer_jobs import IntegerMaker
from tests.hw.integer_modes import MODES
from tests.hw.weak_fences import compare_weakly_fenced
from tests.support.overlap import check_fences
from tests.support.random_chains import KINDS, ChainMaker, Limits

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("array_size", "port_words"),
    [(4, 1), (8, 4), (12, 2), (16, 8), pytest.param(32, 8, marks=pytest.mark.nightly)],
)
def test_engine_integers(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


async def random_chains(dut, stalls: float, seeds: range, jobs: int, integers: float) -> None:
    bench = await prepared(dut, stalls, seeds.start)
    size = bench.hardware.array_size
    limits = Limits(positions=4, run=min(3 * size, 40), runs=2, tiles=2)
    for seed in seeds:
        kind = KINDS[seed % len(KINDS)]
        maker = ChainMaker(seed, bench.hardware, kind, limits, (Fence.ALL,), integers)
        chain = maker.make(jobs)
        fill_memory(bench, chain.memory)
        try:
            await run_and_compare(bench, chain.first, chain.jobs)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


@cocotb.test()
async def check_random_integer_chains(dut):
    await random_chains(dut, 0.0, range(0, int(os.environ.get("CHAINS", "24"))), 8, 1.0)


@cocotb.test()
async def check_random_mixed_chains_with_stalls(dut):
    await random_chains(dut, 0.4, range(100, 100 + int(os.environ.get("CHAINS", "12"))), 8, 0.6)


@cocotb.test()
async def check_modes(dut):
    bench = await prepared(dut, 0.0, 20)
    for stalls in (0.0, 0.3):
        bench.stalls = stalls
        for seed, mode in enumerate(MODES):
            fill_memory(bench, b"")
            maker = IntegerMaker(bench.memory, bench.hardware, seed)
            chain = mode(maker)
            check_fences(chain, bench.hardware.array_size)
            try:
                await run_and_compare(bench, maker.memory.chain(chain), chain)
            except AssertionError as error:
                raise AssertionError(f"{mode.__name__}, stalls {stalls}: {error}") from error


@cocotb.test()
async def check_weak_fences(dut):
    await compare_weakly_fenced(await prepared(dut, 0.0, 21), 0.6)


@cocotb.test()
async def check_nearly_valid_descriptors(dut):
    await compare_nearly_valid(await prepared(dut, 0.0, 24), 0.8)
