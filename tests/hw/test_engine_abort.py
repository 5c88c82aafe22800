"""Chains that are stopped from outside: by ABORT at any moment, and by LIMIT."""

import os
import random

import cocotb
import pytest

from modelgen.targets.systolic.abi import Error, Fence
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES
from tests.hw.engine_bench import EngineBench
from tests.hw.engine_chains import (
    DONE,
    ERROR,
    fill_memory,
    prepared,
    run_and_compare,
    run_on_engine,
)
from tests.support.random_chains import KINDS, ChainMaker, Limits, RandomChain

pytestmark = pytest.mark.slow

CHAINS = int(os.environ.get("CHAINS", "40"))


@pytest.mark.parametrize(("array_size", "port_words"), [(4, 1), (8, 4)])
def test_abort(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


def made(bench: EngineBench, seed: int, jobs: int = 4) -> RandomChain:
    size = bench.hardware.array_size
    limits = Limits(positions=4, run=min(2 * size, 24), runs=2, tiles=2)
    kind = KINDS[seed % len(KINDS)]
    return ChainMaker(seed, bench.hardware, kind, limits, fences=(Fence.ALL,)).make(jobs)


async def steps(bench: EngineBench, count: int) -> None:
    for _ in range(count):
        await bench.step()


async def check_stopped(bench: EngineBench, chain: RandomChain, error: Error) -> None:
    """The engine reports where it stopped, requests nothing more, and its counters freeze."""
    assert await bench.read("status") == 0
    code, index = (value := await bench.read("error")) & 0xFF, value >> 16
    assert code == error and index < len(chain.jobs)
    assert await bench.read("error_address") == chain.first + index * DESCRIPTOR_BYTES
    assert not bench.responses
    counters = await bench.counters()
    for _ in range(20):
        assert bench.dut.port_req_o.value == 0
        await bench.step()
    assert await bench.counters() == counters


async def abort_and_run_another(dut, stalls: float, seed: int) -> None:
    bench = await prepared(dut, stalls, seed)
    rng = random.Random(seed)
    ended = 0
    for number in range(CHAINS):
        chain = made(bench, seed + number)
        fill_memory(bench, chain.memory)
        await bench.ring(chain.first)
        await steps(bench, rng.choice([rng.randrange(20), rng.randrange(200), rng.randrange(2000)]))
        await bench.write("abort", 1)
        if await bench.wait() == DONE:
            ended += 1
            assert await bench.read("error") == Error.NONE
        else:
            await check_stopped(bench, chain, Error.ABORTED)
        other = made(bench, seed + 1000 + number)
        fill_memory(bench, other.memory)
        await run_and_compare(bench, other.first, other.jobs)
    assert ended < CHAINS // 2, "most chains are to be aborted"


@cocotb.test()
async def check_abort(dut):
    await abort_and_run_another(dut, 0.0, 0)


@cocotb.test()
async def check_abort_with_stalls(dut):
    await abort_and_run_another(dut, 0.5, 5000)


@cocotb.test()
async def check_abort_without_a_chain(dut):
    bench = await prepared(dut, 0.0, 1)
    await bench.write("interrupt_enable", 3)
    await bench.write("abort", 1)
    await steps(bench, 20)
    assert await bench.read("interrupt") == 0 and await bench.read("error") == 0
    chain = made(bench, 1)
    fill_memory(bench, chain.memory)
    await run_and_compare(bench, chain.first, chain.jobs)


@cocotb.test()
async def check_limit(dut):
    """A chain that needs more is stopped; one that needs just as many is not."""
    bench = await prepared(dut, 0.0, 2)
    chain = made(bench, 7, jobs=6)
    fill_memory(bench, chain.memory)
    assert await bench.read("limit") == 0xFFFF_FFFF
    await run_and_compare(bench, chain.first, chain.jobs)
    needed = (await bench.counters())["cycles"]
    for limit, expected in ((needed // 2, ERROR), (needed - 5, ERROR), (needed, DONE)):
        fill_memory(bench, chain.memory)
        await bench.write("limit", limit)
        await bench.ring(chain.first)
        assert await bench.wait() == expected
        if expected == ERROR:
            await check_stopped(bench, chain, Error.TIME_LIMIT)
            assert abs((await bench.counters())["cycles"] - limit) < 20
