"""The whole engine against the NumPy reference: random chains, stalls, errors, counters."""

import os

import cocotb
import numpy as np
import pytest

from modelgen.descriptor import Descriptor
from modelgen.hardware import Hardware
from modelgen.reference import execute_chain
from tests.hw.engine_bench import COUNTERS, MEMORY_BASE, Allocator, EngineBench
from tests.hw.runner import run_cocotb

BUFFER_WORDS = 2048
ACCUMULATOR_DEPTH = 64
MEMORY_BYTES = 1 << 17
DONE, ERROR = 1, 2

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("array_size", "port_words"), [(4, 1), (8, 4), (12, 2), (32, 4)])
def test_engine(array_size, port_words):
    run_cocotb(
        "heepstor:ip:engine",
        "engine",
        "tests.hw.test_engine",
        parameters={
            "ArraySize": array_size,
            "PortWords": port_words,
            "BufferWords": BUFFER_WORDS,
            "AccumulatorDepth": ACCUMULATOR_DEPTH,
            "MemoryBytes": MEMORY_BYTES,
        },
        environment={"ARRAY_SIZE": str(array_size), "PORT_WORDS": str(port_words)},
    )


def hardware() -> Hardware:
    return Hardware(
        array_size=int(os.environ["ARRAY_SIZE"]),
        port_words=int(os.environ["PORT_WORDS"]),
        buffer_words=BUFFER_WORDS,
        accumulator_depth=ACCUMULATOR_DEPTH,
        memory_bytes=MEMORY_BYTES,
        stack_bytes=1024,
        arena_bytes=None,
        clock_hz=100_000_000,
    )


def random_activations(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal data, now and then of wild exponents, or with an infinity or a NaN."""
    values = rng.standard_normal(shape).astype(np.float32)
    kind = rng.random()
    if kind < 0.3:
        values *= np.exp2(rng.integers(-60, 60, shape)).astype(np.float32)
    elif kind < 0.4:
        values.flat[rng.integers(values.size)] = rng.choice([np.inf, -np.inf, np.nan])
    return values


def block(rng, memory: Allocator, hw: Hardware, number: int, parity: int) -> list[Descriptor]:
    """Descriptors of one random matrix product, in one chunk of K or several.

    Accumulators come from half `number` % 2 and activations from the half of the buffer that
    `parity` and the chunk's number choose, as a compiler would place them.
    """
    size, half = hw.array_size, hw.accumulator_depth // 2
    tiles = int(rng.integers(1, 4))
    rows = int(rng.integers(1, min(half // tiles, 9) + 1))
    columns = int(rng.integers((tiles - 1) * size + 1, tiles * size + 1))
    chunks = [size * int(rng.integers(1, 3)) for _ in range(rng.integers(0, 3))]
    chunks.append(int(rng.integers(1, 2 * size + 1)))
    words = sum(chunks)
    pitch = 4 * (words + int(rng.integers(0, 3)))
    source = memory.place(random_activations(rng, (rows, pitch // 4)).tobytes())
    scales = rng.standard_normal((tiles, 2, size)).astype(np.float32)
    parameters = memory.place(scales.tobytes())
    destination_pitch = 4 * (columns + int(rng.integers(0, 3)))
    destination = memory.place(bytes(destination_pitch * rows))
    clamp = [(-np.inf, np.inf), (0.0, np.inf), (-0.5, 0.5)][rng.integers(3)]

    descriptors, start = [], 0
    for i, chunk in enumerate(chunks):
        slices = -(-chunk // size)
        weights = rng.integers(-127, 128, slices * tiles * size * size).astype(np.int8)
        descriptors.append(
            Descriptor(
                first=i == 0,
                store=i == len(chunks) - 1,
                fence=bool(rng.random() < 0.2),
                source=source + 4 * start,
                source_pitch=pitch,
                rows=rows,
                words=chunk,
                buffer_base=(parity + i) % 2 * hw.buffer_words // 2 + int(rng.integers(0, 8)),
                buffer_pitch=chunk + int(rng.integers(0, 3)),
                weights=memory.place(weights.tobytes()),
                tiles=tiles,
                accumulator_base=number % 2 * half,
                parameters=parameters,
                destination=destination,
                destination_pitch=destination_pitch,
                columns=columns,
                clamp_low=clamp[0],
                clamp_high=clamp[1],
            )
        )
        start += chunk
    return descriptors


def random_chain(rng, memory: Allocator, hw: Hardware, blocks: int) -> list[Descriptor]:
    chain: list[Descriptor] = []
    for number in range(blocks):
        chain += block(rng, memory, hw, number, len(chain) % 2)
    return chain


async def run_and_compare(bench: EngineBench, chain: list[Descriptor]) -> None:
    """Runs a chain and compares the whole memory with the reference's, bit for bit."""
    allocator = Allocator(bench.memory)
    allocator.used = bench.used
    first = allocator.chain(chain)
    expected = bytearray(bench.memory)
    result = execute_chain(expected, MEMORY_BASE, first, bench.hardware)
    assert len(result.descriptors) == len(chain)
    await bench.ring(first)
    assert await bench.wait() == DONE
    wrong = [
        i for i in range(0, len(expected), 4) if bench.memory[i : i + 4] != expected[i : i + 4]
    ]
    assert not wrong, f"{len(wrong)} words differ, the first at {MEMORY_BASE + wrong[0]:#x}"
    counters = await bench.counters()
    assert sum(counters[name] for name in COUNTERS[1:7]) == counters["cycles"]
    assert counters["macs"] == result.macs


async def prepared(dut, stalls: float, seed: int) -> tuple[EngineBench, np.random.Generator]:
    bench = EngineBench(dut, hardware(), stalls, seed)
    bench.used = 64  # the first line stays free
    await bench.start()
    return bench, np.random.default_rng(seed)


async def random_chains(dut, stalls: float, seeds: range) -> None:
    bench, _ = await prepared(dut, stalls, seeds.start)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        bench.memory[:] = bytes(len(bench.memory))
        memory = Allocator(bench.memory)
        memory.used = 64
        chain = random_chain(rng, memory, bench.hardware, int(rng.integers(1, 6)))
        bench.used = memory.used
        await run_and_compare(bench, chain)


@cocotb.test()
async def check_random_chains(dut):
    await random_chains(dut, 0.0, range(0, 12))


@cocotb.test()
async def check_random_chains_with_stalls(dut):
    await random_chains(dut, 0.4, range(100, 108))


@cocotb.test()
async def check_fence_waits_for_what_stores_nothing(dut):
    """Chunks of K in one place of the buffer: each fence holds its load until all is computed."""
    bench, rng = await prepared(dut, 0.0, 6)
    size = bench.hardware.array_size
    memory = Allocator(bench.memory)
    rows, tiles, chunks, words = 9, 3, 3, 2 * size
    source = memory.place(random_activations(rng, (rows, chunks * words)).tobytes())
    weights = rng.integers(-127, 128, (chunks, 2 * tiles * size * size)).astype(np.int8)
    last = {
        "store": True,
        "parameters": memory.place(rng.standard_normal(2 * tiles * size).astype("<f4").tobytes()),
        "destination": memory.place(bytes(4 * rows * tiles * size)),
        "destination_pitch": 4 * tiles * size,
    }
    chain = [
        Descriptor(
            first=i == 0,
            fence=i > 0,
            source=source + 4 * words * i,
            source_pitch=4 * words * chunks,
            rows=rows,
            words=words,
            buffer_pitch=words,
            weights=memory.place(weights[i].tobytes()),
            tiles=tiles,
            columns=tiles * size,
            **(last if i == chunks - 1 else {"store": False}),
        )
        for i in range(chunks)
    ]
    bench.used = memory.used
    await run_and_compare(bench, chain)


@cocotb.test()
async def check_identification(dut):
    bench, _ = await prepared(dut, 0.0, 0)
    hw = bench.hardware
    assert await bench.read("id") == 1 << 24 | hw.port_words << 8 | hw.array_size
    assert await bench.read("buffer") == BUFFER_WORDS
    assert await bench.read("accumulator") == ACCUMULATOR_DEPTH
    assert await bench.read("status") == 0


@cocotb.test()
async def check_weights_stream_at_full_rate(dut):
    """With one row a tile is used in one cycle only: the port must carry weights in each cycle."""
    bench, rng = await prepared(dut, 0.0, 1)
    hw, size = bench.hardware, bench.hardware.array_size
    memory = Allocator(bench.memory)
    words = 16 * size
    weights = rng.integers(-127, 128, (words // size) * 4 * size * size).astype(np.int8)
    job = Descriptor(
        source=memory.place(random_activations(rng, (1, words)).tobytes()),
        source_pitch=4 * words,
        rows=1,
        words=words,
        buffer_pitch=words,
        weights=memory.place(weights.tobytes()),
        tiles=4,
        parameters=memory.place(bytes(4 * 2 * 4 * size)),
        destination=memory.place(bytes(4 * 4 * size)),
        destination_pitch=4 * 4 * size,
        columns=4 * size,
    )
    bench.used = memory.used
    await run_and_compare(bench, [job])
    counters = await bench.counters()
    moved = len(weights) + 4 * words + 4 * (2 + 1) * 4 * size  # parameters and outputs at the end
    port_cycles = moved // (4 * hw.port_words)
    assert counters["busy"] == 4 * words // size
    # Start, pipeline and end are the same few cycles whatever the size.
    assert counters["cycles"] < port_cycles + 60 + 5 * size


@cocotb.test()
async def check_errors(dut):
    """Each malformed descriptor stops the engine with its code and index; then it works again."""
    bench, rng = await prepared(dut, 0.1, 2)
    memory = Allocator(bench.memory)
    memory.used = 64
    good = block(rng, memory, bench.hardware, 0, 0)[-1:]
    good = [Descriptor(**{**vars(good[0]), "first": True})]
    end = MEMORY_BASE + MEMORY_BYTES
    cases = [
        ({"operation": 0}, 1),
        ({"operation": 77}, 1),
        ({"control_reserved": 1 << 12}, 1),
        ({"source": 0}, 2),
        ({"source": good[0].source + 2}, 2),
        ({"source": end - 4, "words": 8, "buffer_pitch": 8}, 2),
        ({"source_pitch": 0x7FFF_FFF0, "rows": 3}, 2),
        ({"source_pitch": 6}, 2),
        ({"weights": good[0].weights + 4}, 2),
        ({"weights": end - 16, "words": 64, "buffer_pitch": 64}, 2),
        ({"weights": 0x1000_0000}, 2),
        ({"destination": 0x1000_0000}, 2),
        ({"destination": end}, 2),
        ({"parameters": 4}, 2),
        ({"profile": 8}, 2),
        ({"profile": 0x7000_0000}, 2),
        ({"rows": 0}, 3),
        ({"words": 0}, 3),
        ({"tiles": 0}, 3),
        ({"columns": 0}, 3),
        ({"buffer_base": BUFFER_WORDS}, 4),
        ({"rows": 2, "buffer_pitch": 65535}, 4),
        ({"load": False, "buffer_base": 65535}, 4),
        ({"accumulator_base": ACCUMULATOR_DEPTH}, 5),
        ({"tiles": 65535, "weights": MEMORY_BASE}, 5),
    ]
    for position in (0, 2):
        for changes, code in cases:
            bad = Descriptor(**{**vars(good[0]), **changes})
            chain = good * position + [bad] + good
            allocator = Allocator(bench.memory)
            allocator.used = memory.used
            first = allocator.chain(chain)
            await bench.ring(first)
            assert await bench.wait() == ERROR, changes
            error = await bench.read("error")
            assert (error & 0xFF, error >> 16) == (code, position), changes
            assert await bench.read("error_address") == first + 64 * position
            assert await bench.read("status") == 0
    bench.used = memory.used
    await run_and_compare(bench, good * 3)
    assert await bench.read("error") == 0


@cocotb.test()
async def check_bad_descriptor_addresses(dut):
    bench, rng = await prepared(dut, 0.0, 3)
    memory = Allocator(bench.memory)
    good = block(rng, memory, bench.hardware, 0, 0)[0]
    for address in (MEMORY_BASE + 4, 0, MEMORY_BASE + MEMORY_BYTES, 0x1000_0000):
        await bench.ring(address)
        assert await bench.wait() == ERROR
        assert await bench.read("error") == 6
        assert await bench.read("error_address") == address
    linked = Descriptor(**{**vars(good), "next": MEMORY_BASE - 64})
    await bench.ring(memory.place(linked.pack()))
    assert await bench.wait() == ERROR
    assert await bench.read("error") == 6 | 1 << 16
    assert await bench.read("error_address") == MEMORY_BASE - 64


@cocotb.test()
async def check_doorbell_while_busy(dut):
    bench, rng = await prepared(dut, 0.0, 4)
    memory = Allocator(bench.memory)
    chain = random_chain(rng, memory, bench.hardware, 4)
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
async def check_profile(dut):
    """The profile holds the counters as they stood when the descriptor had stored."""
    bench, rng = await prepared(dut, 0.2, 5)
    memory = Allocator(bench.memory)
    chain = random_chain(rng, memory, bench.hardware, 3)
    profiles = [memory.place(bytes(32)) for _ in chain]
    chain = [
        Descriptor(**{**vars(job), "profile": profile})
        for job, profile in zip(chain, profiles, strict=True)
    ]
    await bench.ring(memory.chain(chain))
    assert await bench.wait() == DONE
    final = await bench.counters()
    previous = np.zeros(8, np.uint32)
    for profile in profiles:
        offset = profile - MEMORY_BASE
        counters = np.frombuffer(bench.memory[offset : offset + 32], np.uint32)
        assert (counters >= previous).all()
        assert counters[1:7].sum() == counters[0]
        previous = counters
    assert previous[0] <= final["cycles"] < previous[0] + 40
    assert previous[1] == final["busy"]
