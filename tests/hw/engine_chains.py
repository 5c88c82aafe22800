"""Engines under test: their sizes and memory, and chains compared with the NumPy reference."""

import os

from modelgen.hardware import Hardware
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import execute_chain, new_seed
from modelgen.targets.systolic.reference.integer_slices import Undefined
from tests.hw.engine_bench import COUNTERS, MEMORY_BASE, EngineBench
from tests.hw.runner import run_cocotb
from tests.support.nearly_valid import nearly_valid, reportable

BUFFER_WORDS = 1024
ACCUMULATOR_DEPTH = 128
MEMORY_BYTES = 1 << 18
DONE, ERROR = 1, 2


def run_on_engine(
    module: str,
    array_size: int,
    port_words: int,
    int8: bool = True,
    testcase: str | None = None,
) -> None:
    """Runs the cocotb tests of a module, or one of them, on an engine.

    `hardware()` gives them its sizes.
    """
    run_cocotb(
        "heepstor:ip:engine",
        "engine",
        module,
        parameters={
            "ArraySize": array_size,
            "PortWords": port_words,
            "BufferWords": BUFFER_WORDS,
            "AccumulatorDepth": ACCUMULATOR_DEPTH,
            "MemoryBytes": MEMORY_BYTES,
            "Int8": int(int8),
        },
        environment={
            "ARRAY_SIZE": str(array_size),
            "PORT_WORDS": str(port_words),
            "INT8": str(int(int8)),
        },
        testcase=testcase,
    )


def hardware() -> Hardware:
    return Hardware(
        array_size=int(os.environ["ARRAY_SIZE"]),
        port_words=int(os.environ["PORT_WORDS"]),
        buffer_words=BUFFER_WORDS,
        accumulator_depth=ACCUMULATOR_DEPTH,
        int8=os.environ["INT8"] == "1",
        memory_bytes=MEMORY_BYTES,
        stack_bytes=1024,
        arena_bytes=None,
        clock_hz=100_000_000,
    )


async def prepared(dut, stalls: float, seed: int) -> EngineBench:
    bench = EngineBench(dut, hardware(), stalls, seed)
    await bench.start()
    return bench


def fill_memory(bench: EngineBench, image: bytes) -> None:
    bench.memory[:] = bytes(len(bench.memory))
    bench.memory[: len(image)] = image


def without_profiles(memory: bytearray, jobs: list[Descriptor]) -> bytes:
    """Returns memory with zeros where the hardware, not the reference, writes counters."""
    cleared = bytearray(memory)
    for job in jobs:
        if job.profile:
            offset = job.profile - MEMORY_BASE
            cleared[offset : offset + 32] = bytes(32)
    return bytes(cleared)


async def run_and_compare(bench: EngineBench, first: int, jobs: list[Descriptor]) -> None:
    """Runs the chain at `first`; compares the whole memory with the reference's, bit for bit."""
    expected = bytearray(bench.memory)
    result = execute_chain(expected, MEMORY_BASE, first, bench.hardware)
    assert len(result.descriptors) == len(jobs), result
    await bench.ring(first)
    assert await bench.wait() == DONE
    ours, theirs = (without_profiles(memory, jobs) for memory in (bench.memory, expected))
    wrong = [i for i in range(0, len(ours), 4) if ours[i : i + 4] != theirs[i : i + 4]]
    places = [
        f"{MEMORY_BASE + i:#x} {ours[i : i + 4].hex()} {theirs[i : i + 4].hex()}" for i in wrong
    ]
    assert not wrong, f"{len(wrong)} words differ from the reference's: {', '.join(places[:4])}"
    counters = await bench.counters()
    assert sum(counters[name] for name in COUNTERS[1:7]) == counters["cycles"]
    assert counters["macs"] == result.macs


async def compare_nearly_valid(bench: EngineBench, integers: float = 0.0) -> None:
    """What the reference refuses the engine refuses, and of all else it makes the same."""
    count = int(os.environ.get("DESCRIPTORS", "60"))
    seed = int(os.environ.get("DESCRIPTOR_SEED") or new_seed())
    for number, chain in enumerate(nearly_valid(seed, bench.hardware, count, integers)):
        where = f"DESCRIPTOR_SEED={seed}, chain {number}: {chain.jobs[1]}"
        fill_memory(bench, chain.memory)
        expected = bytearray(bench.memory)
        try:
            result = execute_chain(expected, MEMORY_BASE, chain.first, bench.hardware)
        except Undefined:
            continue
        await bench.ring(chain.first)
        assert await bench.wait() == (ERROR if result.error else DONE), (result.error, where)
        if result.error:
            error = await bench.read("error")
            assert error >> 16 == result.index == 1, where
            memory = range(MEMORY_BASE, MEMORY_BASE + len(bench.memory))
            possible = reportable(chain.jobs[1], bench.hardware, memory)
            assert {error & 0xFF, result.error} <= possible, (error & 0xFF, result.error, where)
        else:
            ours, theirs = (without_profiles(m, chain.jobs) for m in (bench.memory, expected))
            assert ours == theirs, where
