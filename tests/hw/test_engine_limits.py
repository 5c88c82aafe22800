"""The engine's limits: the last word that may be used, and one more; what an error stops."""

from dataclasses import replace

import cocotb
import numpy as np
import pytest

from modelgen.targets.systolic.abi import MOST_CROSSINGS, SEGMENTS, Error, Factor, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference import execute_chain
from tests.hw.engine_bench import MEMORY_BASE, Allocator, EngineBench
from tests.hw.engine_chains import (
    ACCUMULATOR_DEPTH,
    BUFFER_WORDS,
    DONE,
    ERROR,
    MEMORY_BYTES,
    prepared,
    run_and_compare,
    run_on_engine,
)
from tests.hw.engine_jobs import matrix_product

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("array_size", "port_words"), [(8, 4), (12, 2)])
def test_engine_limits(array_size, port_words):
    run_on_engine(__name__, array_size, port_words)


class Jobs:
    """Makes jobs that load the whole buffer, so that each of its words is known."""

    def __init__(self, bench: EngineBench) -> None:
        self.size = bench.hardware.array_size
        self.memory = Allocator(bench.memory)
        random = np.random.default_rng(self.size)
        self.source = self.floats(random.standard_normal(BUFFER_WORDS))
        self.weights = self.memory.place(random.integers(-127, 128, 1 << 14, np.int8).tobytes())
        self.parameters = self.floats(random.standard_normal(8 * self.size))
        self.destination = self.memory.place(bytes(1 << 12))

    def floats(self, values: np.ndarray) -> int:
        """Places FP32; returns their address."""
        return self.memory.place(values.astype("<f4").tobytes())

    def job(self, **changes) -> Descriptor:
        """Returns a job of one position that reads one run of S words; `changes` on top."""
        job = Descriptor(
            load=True,
            first=True,
            store_memory=True,
            source=self.source,
            load_rows=1,
            load_columns=1,
            load_words=BUFFER_WORDS,
            load_pitch_y=BUFFER_WORDS,
            position_rows=1,
            position_columns=1,
            run_words=self.size,
            runs_x=1,
            runs_y=1,
            weights=self.weights,
            tiles=1,
            channels=self.size,
            parameters=self.parameters,
            destination=self.destination,
            destination_pitch_x=4 * self.size,
            destination_pitch_y=8 * self.size,
            store_rows=1,
            store_columns=1,
            window_rows=1,
            window_columns=1,
        )
        return replace(job, **changes)


async def check_same_end(bench: EngineBench, jobs: Jobs, job: Descriptor, code: int) -> None:
    """Runs a job; error code and, where there is none, all of memory are the reference's."""
    first = jobs.memory.chain([job])
    if code == Error.NONE:
        await run_and_compare(bench, first, [job])
        return
    expected = execute_chain(bytearray(bench.memory), MEMORY_BASE, first, bench.hardware)
    assert expected.error == code, "the reference"
    await bench.ring(first)
    assert await bench.wait() == ERROR
    assert await bench.read("error") == code


def boundaries(jobs: Jobs) -> dict[str, tuple[dict, str, int, Error]]:
    """Returns for each limit: changes, a field, its last good value, and the error of one more."""
    size = jobs.size
    last = BUFFER_WORDS - size
    rows = {"position_rows": 2, "store_rows": 1}
    columns = {"position_columns": 2, "store_columns": 1}
    buffer, sums = Error.BUFFER_OVERFLOW, Error.ACCUMULATOR_OVERFLOW
    channels = {"operation": Operation.SUM, "run_words": size + 5}
    to_buffer = {"store_memory": False, "store_buffer": True}
    filling = {"fill": True, "load_words": 1, "load_pitch_y": 1}
    without_load = {"load": False, "load_head": size}
    # One more word, of runs that are in the banks that spanning asks for.
    banks = 1 << (size - 1).bit_length()
    spanning = {"span": True, "run_words": 1, "run_pitch_y": 1 + banks}
    return {
        "sums": (rows, "accumulator", ACCUMULATOR_DEPTH - 2, sums),
        "input": ({}, "input_base", last, buffer),
        "run": ({"input_base": 1}, "run_words", BUFFER_WORDS - 1, buffer),
        "rows": (rows, "step_y", last, buffer),
        "columns": (columns, "step_x", last, buffer),
        "runs in y": ({"runs_y": 2}, "run_pitch_y", last, buffer),
        "runs in x": ({"runs_x": 2}, "run_pitch_x", last, buffer),
        "channels that exist": (channels, "input_base", last, buffer),
        "load": ({}, "load_base", 0, buffer),
        "fill": (filling, "load_tail", BUFFER_WORDS - 1, buffer),
        "rows without a gap": (filling | without_load, "load_rows", last, buffer),
        "store": (to_buffer, "store_base", last, buffer),
        "crossings": (spanning, "runs_y", MOST_CROSSINGS + 1, Error.BAD_OPERATION),
    }


@cocotb.test()
async def check_one_more_is_refused(dut):
    bench = await prepared(dut, 0.0, 30)
    jobs = Jobs(bench)
    for name, (changes, field, last, error) in boundaries(jobs).items():
        for value, code in ((last, Error.NONE), (last + 1, error)):
            try:
                await check_same_end(bench, jobs, jobs.job(**{**changes, field: value}), code)
            except AssertionError as failure:
                raise AssertionError(f"{name}, {field} = {value}: {failure}") from failure


@cocotb.test()
async def check_the_last_word_of_memory(dut):
    """Reads and writes may reach the end of memory; a word further is refused."""
    bench = await prepared(dut, 0.0, 31)
    jobs, end = Jobs(bench), MEMORY_BASE + MEMORY_BYTES
    row = 4 * jobs.size
    places = (
        ("source", end - 4 * BUFFER_WORDS, {}),
        ("destination", end - row, {}),
        ("residual", end - row, {"add_residual": True}),
        ("residual", end - row, {"factor": Factor.OPERAND}),
        ("parameters", end - 2 * row, {}),
        ("parameters", end - row, {"scales_only": True}),
        ("coefficients", end - 8 * SEGMENTS, {"load_table": True}),
        ("weights", end - -(-(jobs.size**2) // 16) * 16, {}),
        ("profile", end - 32, {}),
    )
    for name, last, changes in places:
        more = 16 if name in ("coefficients", "weights", "profile") else 4
        for value, code in ((last, Error.NONE), (last + more, Error.BAD_ADDRESS)):
            job = jobs.job(**{"residual": jobs.source, **changes, name: value})
            try:
                await check_same_end(bench, jobs, job, code)
            except AssertionError as failure:
                raise AssertionError(f"{name} at {value:#x}, {changes}: {failure}") from failure


@cocotb.test()
async def check_factors(dut):
    """Results are multiplied by one thing, which there has to be."""
    bench = await prepared(dut, 0.0, 35)
    jobs = Jobs(bench)
    alone = {"residual": jobs.source, "factor": Factor.OPERAND}
    await check_same_end(bench, jobs, jobs.job(**alone), Error.NONE)
    for changes in ({"factor": Factor.VALUE}, {**alone, "add_residual": True}, {"factor": 3}):
        await check_same_end(bench, jobs, jobs.job(**changes), Error.BAD_OPERATION)


@cocotb.test()
async def check_alignment(dut):
    """Each address that is used has to be aligned; each is in memory, however it is aligned.

    It is refused before the job begins: the engine says so although the job reads beyond the
    buffer as well.
    """
    bench = await prepared(dut, 0.0, 32)
    jobs = Jobs(bench)
    used = {"add_residual": True, "residual": jobs.source, "profile": jobs.destination + 2048}
    good = jobs.job(**used, load_table=True, coefficients=jobs.source)
    await check_same_end(bench, jobs, good, Error.NONE)
    words = (
        "source",
        "destination",
        "residual",
        "parameters",
        "destination_pitch_x",
        "destination_pitch_y",
    )
    steps = {**dict.fromkeys(words, 2), "weights": 8, "profile": 8, "coefficients": 8}
    for name, step in steps.items():
        misaligned = {name: getattr(good, name) + step}
        bad = replace(good, **misaligned, input_base=BUFFER_WORDS)
        try:
            await check_same_end(bench, jobs, bad, Error.BAD_ADDRESS)
        except AssertionError as failure:
            raise AssertionError(f"{name}: {failure}") from failure


@cocotb.test()
async def check_negative_zeros(dut):
    """-0 is not below zero: a slope leaves it, and so does a clamp at +0."""
    bench = await prepared(dut, 0.0, 33)
    jobs = Jobs(bench)
    scale, bias = np.full(jobs.size, -1.0, "<f4"), np.full(jobs.size, -0.0, "<f4")
    parameters = jobs.floats(np.concatenate([scale, bias]))
    nothing = jobs.memory.place(bytes(jobs.size**2))
    for changes in ({"slope": -0.5}, {"slope": 0.25}, {"clamp_low": 0.0}, {"clamp_high": -0.0}):
        job = jobs.job(weights=nothing, parameters=parameters, **changes)
        await check_same_end(bench, jobs, job, Error.NONE)
        offset = jobs.destination - MEMORY_BASE
        stored = np.frombuffer(bench.memory, "<u4", jobs.size, offset)
        assert (stored == 0x8000_0000).all(), changes


@cocotb.test()
async def check_an_error_stops_what_others_do(dut):
    """A store in the middle of its rows stops when a later descriptor is in error, and at once.

    Only the access that has been granted before is still made.
    """
    bench = await prepared(dut, 0.3, 34)
    memory = Allocator(bench.memory)
    rows, size = ACCUMULATOR_DEPTH, bench.hardware.array_size
    good = matrix_product(memory, bench.hardware, 1, size, 1)
    row, place = 4 * size, memory.place(bytes(4 * size * rows))
    long = replace(good, position_rows=rows, store_rows=rows, step_y=0, destination=place)
    later = replace(good, load=False, accumulator=0)
    bad = replace(later, run_pitch_y=0xFFFF, runs_y=2)
    await bench.ring(memory.chain([long, bad]))
    halted = accesses = 0
    for _ in range(8 * rows * size):
        halted += int(dut.halt.value)
        is_taken = dut.port_req_o.value == 1 and dut.port_gnt_i.value == 1
        accesses += int(dut.halt.value == 1 and is_taken)
        await bench.step()
    assert halted > 0
    assert accesses <= 1, "an access after the error"
    assert await bench.wait() == ERROR
    offset = place - MEMORY_BASE
    assert not any(bench.memory[offset + (rows - 1) * row : offset + rows * row])
    await bench.ring(memory.chain([long]))
    assert await bench.wait() == DONE
    assert any(bench.memory[offset + (rows - 1) * row : offset + rows * row])
