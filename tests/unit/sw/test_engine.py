"""The CPU's execution of chains against the reference, builder of descriptors, argmax, permute."""

from __future__ import annotations

import itertools
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest

from flows import config
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Error, Fence, Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.targets.systolic.reference import execute_chain, new_seed
from tests.support import runtime_host
from tests.support.nearly_valid import nearly_valid
from tests.support.random_chains import BASE, KINDS, ChainMaker, Limits
from tests.support.runtime_host import ChainResult, Geometry

GEOMETRY = Geometry(array_size=8, buffer_words=1024, accumulator_depth=64)
MEMORY_BYTES = 1 << 14
SOURCE_WORDS = 256
CHAIN, SOURCE, WEIGHTS, PARAMETERS, DESTINATION, RESIDUAL = range(BASE, BASE + 0x3000, 0x800)


@pytest.mark.parametrize("seed", range(150))
def test_random_chains_equal_the_reference(seed: int) -> None:
    geometry = Geometry((4, 8, 12, 16, 32)[seed % 5], 1024, 128)
    size, words, depth = astuple(geometry)
    hardware = Hardware(array_size=size, buffer_words=words, accumulator_depth=depth)
    chain = ChainMaker(seed, hardware, KINDS[seed % 4], Limits()).make(8)
    expected = bytearray(chain.memory)
    outcome = execute_chain(expected, BASE, chain.first, hardware)
    got = runtime_host.connect().run_chain(chain.memory, BASE, chain.first, geometry)
    assert outcome.error == Error.NONE
    assert got.error == 0
    assert got.memory == bytes(expected)


@pytest.mark.parametrize("size", [4, 8, 12, 16])
def test_nearly_valid_descriptors(size: int) -> None:
    """The reference refuses what the software engine refuses; of all else both make the same."""
    geometry = Geometry(size, 1024, 64)
    hardware = Hardware(array_size=size, buffer_words=1024, accumulator_depth=64)
    seed = new_seed()
    for number, chain in enumerate(nearly_valid(seed, hardware, 60)):
        expected = bytearray(chain.memory)
        outcome = execute_chain(expected, BASE, chain.first, hardware)
        got = runtime_host.connect().run_chain(chain.memory, BASE, chain.first, geometry)
        where = f"seed {seed}, chain {number}: {chain.jobs[1]}"
        assert got.error == outcome.error, where
        if outcome.error:
            assert got.index == outcome.index, where
        else:
            assert got.memory == bytes(expected), where


def small_job(**changes: Any) -> Descriptor:
    """A valid descriptor: 3 x 4 positions that read 3 runs of 9 words, pooled, with an operand."""
    job = Descriptor(
        load=True,
        fill=True,
        first=True,
        store_memory=True,
        store_buffer=True,
        add_residual=True,
        source=SOURCE,
        source_row_pitch=72,
        source_column_pitch=12,
        load_rows=5,
        load_columns=6,
        load_words=3,
        load_pitch=25,
        load_head=20,
        load_tail=20,
        step_x=3,
        step_y=25,
        position_columns=4,
        position_rows=3,
        run=9,
        runs_x=1,
        runs_y=3,
        run_pitch_y=25,
        tiles=2,
        columns=11,
        weights=WEIGHTS,
        parameters=PARAMETERS,
        destination=DESTINATION,
        residual=RESIDUAL,
        pitch_x=44,
        pitch_y=88,
        store_columns=2,
        store_rows=1,
        store_base=500,
        store_step_x=11,
        store_step_y=22,
        window_columns=2,
        window_rows=3,
    )
    return replace(job, **changes)


def run_chain(*jobs: Descriptor, geometry: Geometry = GEOMETRY) -> ChainResult:
    memory = bytearray(MEMORY_BYTES)
    image = link(list(jobs), CHAIN)
    memory[: len(image)] = image
    return runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, geometry)


FAULTS = {
    "operation 0": ({"operation": 0}, 1),
    "operation": ({"operation": 5}, 1),
    "fence": ({"fence": 3}, 1),
    "reserved control bit 15": ({"reserved": ((1, 1 << 15),)}, 1),
    "reserved control bit 31": ({"reserved": ((1, 1 << 31),)}, 1),
    "reserved half of load_tail": ({"reserved": ((8, 1 << 16),)}, 1),
    "reserved half of columns": ({"reserved": ((16, 1 << 16),)}, 1),
    "reserved word 30": ({"reserved": ((30, 1),)}, 1),
    "reserved word 31": ({"reserved": ((31, 1),)}, 1),
    "span of two runs in x": ({"span": True, "runs_x": 2}, 1),
    "span of channels": ({"span": True, "operation": Operation.SUM}, 1),
    "span in other banks": ({"span": True, "run_pitch_y": 18}, 1),
    "span of many short runs": ({"span": True, "run": 1, "runs_y": 9}, 1),
    "window too high": ({"store_rows": 2}, 1),
    "window too wide": ({"store_columns": 3}, 1),
    "no columns to load": ({"load_columns": 0}, 3),
    "no rows to fill": ({"load": False, "load_rows": 0}, 3),
    "no words to load": ({"load_words": 0}, 3),
    "no positions in x": ({"position_columns": 0, "store_memory": False, "store_buffer": False}, 3),
    "no positions in y": ({"position_rows": 0, "store_memory": False, "store_buffer": False}, 3),
    "empty run": ({"run": 0}, 3),
    "no runs in x": ({"runs_x": 0}, 3),
    "no runs in y": ({"runs_y": 0}, 3),
    "no tiles": ({"tiles": 0}, 3),
    "no columns": ({"columns": 0}, 3),
    "nothing to store": ({"store_columns": 0}, 3),
    "no window": ({"window_rows": 0}, 3),
    "load beyond the buffer": ({"fill": False, "load_base": 900}, 4),
    "fill beyond the buffer": ({"load_tail": 900}, 4),
    "input beyond the buffer": ({"input_base": 907}, 4),
    "step beyond the buffer": ({"step_y": 0xFFFF}, 4),
    "store beyond the buffer": ({"store_step_x": 514}, 4),
    "accumulators": ({"accumulator": 41}, 5),
    "source below": ({"source": BASE - 16}, 2),
    "source above": ({"source": BASE + MEMORY_BYTES - 100}, 2),
    "source misaligned": ({"source": SOURCE + 2}, 2),
    "source row pitch": ({"source_row_pitch": 0x7FFFFFFC}, 2),
    "source row pitch that wraps": ({"source_row_pitch": 0xFFFFFFFC}, 2),
    "source column pitch that wraps": ({"source_column_pitch": 0xFFFFFFFC}, 2),
    "pitch of one column": ({"load_columns": 1, "source_column_pitch": 0x80000000}, 2),
    "pitch of one row": ({"load_rows": 1, "source_row_pitch": 0x80000000}, 2),
    "pitch_x that wraps": ({"pitch_x": 0x80000000}, 2),
    "pitch_y that wraps": ({"pitch_y": 0xFFFFFFFC}, 2),
    "rows wider than their pitch": ({"load_pitch": 17}, 1),
    "filled rows wider than their pitch": ({"load": False, "load_pitch": 17}, 1),
    "source row pitch misaligned": ({"source_row_pitch": 46}, 2),
    "source column pitch misaligned": ({"source_column_pitch": 13}, 2),
    "weights above": ({"weights": BASE + MEMORY_BYTES - 16}, 2),
    "weights misaligned": ({"weights": WEIGHTS + 4}, 2),
    "weights null": ({"weights": 0}, 2),
    "parameters above": ({"parameters": BASE + MEMORY_BYTES - 4}, 2),
    "destination": ({"destination": 0xFFFFFFF0}, 2),
    "pitch": ({"pitch_x": 0xFFFFFFF0}, 2),
    "pitch misaligned": ({"pitch_y": 90}, 2),
    "residual": ({"residual": BASE - 4}, 2),
    "residual misaligned": ({"residual": RESIDUAL + 1}, 2),
    "profile": ({"profile": BASE + MEMORY_BYTES - 16}, 2),
    "profile misaligned": ({"profile": BASE + 8}, 2),
}


@pytest.mark.parametrize(("change", "code"), FAULTS.values(), ids=FAULTS)
def test_faults_are_reported_with_place(change: dict[str, Any], code: int) -> None:
    """The same as the reference reports."""
    jobs = small_job(), small_job(**change)
    got = run_chain(*jobs)
    assert (got.error, got.index, got.address) == (code, 1, CHAIN + DESCRIPTOR_BYTES)
    memory = bytearray(MEMORY_BYTES)
    image = link(list(jobs), CHAIN)
    memory[: len(image)] = image
    hardware = Hardware(*astuple(GEOMETRY)[:1], 4, *astuple(GEOMETRY)[1:])
    assert execute_chain(memory, BASE, CHAIN, hardware).error == code


def test_the_last_word_may_be_used() -> None:
    """One word more or less decides in buffer, accumulators and memory."""
    assert run_chain(small_job()).error == 0
    used = 20 + 5 * 25 + 20
    assert run_chain(small_job(load_base=1024 - used)).error == 0
    assert run_chain(small_job(load_base=1025 - used)).error == 4
    assert run_chain(small_job(store_base=1024 - 22)).error == 0
    assert run_chain(small_job(store_base=1025 - 22)).error == 4
    assert run_chain(small_job(accumulator=40)).error == 0
    assert run_chain(small_job(accumulator=41)).error == 5
    assert run_chain(small_job(input_base=906)).error == 0
    assert run_chain(small_job(input_base=907)).error == 4
    spanning = {"span": True, "run": 1, "run_pitch_y": 9, "position_rows": 3}
    assert run_chain(small_job(**spanning, runs_y=8)).error == 0
    assert run_chain(small_job(**spanning, runs_y=9)).error == 1
    end = BASE + MEMORY_BYTES
    assert run_chain(small_job(destination=end - 88, profile=0)).error == 0
    assert run_chain(small_job(destination=end - 84, profile=0)).error == 2


@pytest.mark.parametrize("steps", [(4, 11), (2, 3), (1, 8), (0, 0)], ids=str)
def test_of_overlapping_results_the_last_one_stays(steps: tuple[int, int]) -> None:
    """In memory and in the buffer, from which a second job stores them; as in the reference."""
    x, y = steps
    words = 3 * x + 2 * y + 11
    shape = {"store_columns": 4, "store_rows": 3, "window_columns": 1, "window_rows": 1}
    in_memory = {"add_residual": False, "pitch_x": 4 * x, "pitch_y": 4 * y}
    job = small_job(**shape, **in_memory, store_step_x=x, store_step_y=y)
    reader = Descriptor(
        operation=Operation.SUM,
        first=True,
        store_memory=True,
        input_base=job.store_base,
        step_x=1,
        position_columns=words,
        position_rows=1,
        run=1,
        runs_x=1,
        runs_y=1,
        tiles=1,
        columns=1,
        parameters=PARAMETERS,
        destination=RESIDUAL,
        pitch_x=4,
        store_columns=words,
        store_rows=1,
        window_columns=1,
        window_rows=1,
    )
    values = np.random.default_rng(0).standard_normal(MEMORY_BYTES // 4)
    memory = bytearray(values.astype("<f4").tobytes())
    image = link([job, reader], CHAIN)
    memory[: len(image)] = image
    got = runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    hardware = Hardware(*astuple(GEOMETRY)[:1], 4, *astuple(GEOMETRY)[1:])
    assert execute_chain(memory, BASE, CHAIN, hardware).error == got.error == 0
    assert got.memory == bytes(memory)


@pytest.mark.parametrize("changes", [{"slope": -0.5}, {"clamp_low": 0.0}, {"clamp_high": -0.0}])
def test_negative_zeros_are_not_below_zero(changes: dict[str, Any]) -> None:
    """Neither slope nor clamp changes them; the same in the reference."""
    changes |= {"add_residual": False, "store_buffer": False}
    job = small_job(**changes, columns=8, tiles=1)
    memory = bytearray(MEMORY_BYTES)
    memory[: len(job.pack())] = job.pack()
    parameters = np.array([-1.0] * 8 + [-0.0] * 8, "<f4").tobytes()
    memory[PARAMETERS - BASE : PARAMETERS - BASE + len(parameters)] = parameters
    got = runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    hardware = Hardware(*astuple(GEOMETRY)[:1], 4, *astuple(GEOMETRY)[1:])
    assert execute_chain(memory, BASE, CHAIN, hardware).error == got.error == 0
    offset = DESTINATION - BASE
    for image in (got.memory, memory):
        assert np.frombuffer(image, "<u4", 8, offset).tolist() == [0x8000_0000] * 8


@pytest.mark.parametrize("operation", [Operation.SUM, Operation.MAX])
def test_sums_and_maxima_of_negative_zeros_keep_their_sign(operation: Operation) -> None:
    """Nothing is added to the first word, and nothing is compared with it."""
    plain = {"add_residual": False, "store_buffer": False, "load_head": 0, "columns": 3}
    shape = {"position_rows": 1, "position_columns": 1, "run": 3, "runs_y": 2, "run_pitch_y": 3}
    stored = {"store_rows": 1, "store_columns": 1, "window_rows": 1, "window_columns": 1}
    job = small_job(operation=operation, **plain, **shape, **stored)
    memory = bytearray(MEMORY_BYTES)
    memory[: len(job.pack())] = job.pack()
    values = np.full(SOURCE_WORDS, -0.0, "<f4").tobytes()
    memory[SOURCE - BASE : SOURCE - BASE + len(values)] = values
    parameters = np.array([1.0] * 8 + [-0.0] * 8, "<f4").tobytes()
    memory[PARAMETERS - BASE : PARAMETERS - BASE + len(parameters)] = parameters
    got = runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    hardware = Hardware(*astuple(GEOMETRY)[:1], 4, *astuple(GEOMETRY)[1:])
    assert execute_chain(memory, BASE, CHAIN, hardware).error == got.error == 0
    offset = DESTINATION - BASE
    for image in (got.memory, memory):
        assert np.frombuffer(image, "<u4", 3, offset).tolist() == [0x8000_0000] * 3


def test_profile_is_written() -> None:
    got = run_chain(small_job(profile=DESTINATION + 0x400))
    assert (got.error, got.memory[0x2400:0x2420]) == (0, bytes(32))


@pytest.mark.parametrize("address", [0, BASE - 64, BASE + 8, BASE + MEMORY_BYTES - 64, 0xFFFFFFF0])
def test_bad_descriptor_addresses(address: int) -> None:
    runtime = runtime_host.connect()
    got = runtime.run_chain(bytes(MEMORY_BYTES), BASE, address, GEOMETRY)
    assert (got.error, got.index, got.address) == (6, 0, address)
    if address == 0:
        return
    memory = bytearray(MEMORY_BYTES)
    memory[:DESCRIPTOR_BYTES] = small_job(next=address).pack()
    got = runtime.run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    assert (got.error, got.index, got.address) == (6, 1, address)


def test_a_chain_that_never_ends_is_stopped() -> None:
    job = small_job(load=False, fill=False, store_memory=False, store_buffer=False, next=CHAIN)
    job = replace(job, run=1, runs_y=1, position_columns=1, position_rows=1, tiles=1)
    got = runtime_host.connect().run_chain(job.pack() + bytes(MEMORY_BYTES), BASE, CHAIN, GEOMETRY)
    assert (got.error, got.index) == (8, 0xFFFF)


def test_builder_makes_the_descriptor_that_it_names() -> None:
    size = config.load().engine.array_size
    full, partial, sum_, max_ = runtime_host.connect().built_descriptors()
    assert full == Descriptor(
        load=True,
        fill=True,
        first=True,
        store_memory=True,
        store_buffer=True,
        add_residual=True,
        span=True,
        fence=Fence.ALL_BUT_LAST,
        source=0x80001000,
        source_row_pitch=384,
        source_column_pitch=12,
        load_rows=10,
        load_columns=32,
        load_words=3,
        load_pitch=102,
        load_base=7,
        load_head=105,
        load_tail=4,
        fill_value=-1.5,
        input_base=9,
        accumulator=5,
        step_x=6,
        step_y=204,
        position_columns=16,
        position_rows=4,
        run=9,
        runs_x=1,
        runs_y=3,
        run_pitch_y=105,
        tiles=-(-19 // size),
        columns=19,
        weights=0x80002000,
        parameters=0x80003000,
        destination=0x80004000,
        pitch_x=80,
        pitch_y=640,
        residual=0x80007000,
        store_columns=5,
        store_rows=2,
        store_base=4000,
        store_step_x=20,
        store_step_y=180,
        window_columns=3,
        window_rows=2,
        clamp_low=-1.0,
        clamp_high=6.0,
        slope=0.25,
        profile=0x80005000,
        next=0x80006000,
    )
    assert partial == Descriptor(
        operation=Operation.DEPTHWISE,
        input_base=3,
        step_x=8,
        step_y=16,
        position_columns=3,
        position_rows=2,
        run=8,
        runs_x=4,
        runs_y=3,
        run_pitch_x=8,
        run_pitch_y=24,
        tiles=-(-8 // size),
        columns=8,
        store_columns=3,
        store_rows=2,
        window_columns=1,
        window_rows=1,
        clamp_low=0.0,
    )
    assert (sum_.operation, sum_.fence, sum_.run, sum_.runs_x, sum_.runs_y) == (3, 2, 5, 1, 1)
    assert (max_.operation, max_.fill, max_.fill_value, max_.load) == (4, True, 0.0, False)


def test_addresses_are_set_at_run_time() -> None:
    got = runtime_host.connect().descriptor_with_addresses()
    assert (got.source, got.destination, got.residual) == (BASE + 4, BASE + 8, BASE + 12)


def test_every_error_has_its_reason() -> None:
    *reasons, report = runtime_host.connect().reasons()
    assert reasons[0] == "none"
    assert reasons[11] == "unknown error"
    assert len(set(reasons)) == 12
    assert report == "engine: a dimension is zero (error 3) in descriptor 7 at 0x80000010"


@pytest.mark.parametrize(
    ("values", "largest"),
    [
        ([3.0], 0),
        ([1.0, 5.0, 5.0, 2.0], 1),
        ([-2.0, -1.0, -3.0], 1),
        ([1.0, np.nan, 7.0, np.nan], 1),
        ([-np.inf, -np.inf], 0),
        ([0.0, -0.0], 0),
    ],
)
def test_argmax(values: list[float], largest: int) -> None:
    assert runtime_host.connect().argmax(np.array(values, np.float32)) == largest


@pytest.mark.parametrize("axes", list(itertools.permutations(range(4))))
def test_permute(axes: tuple[int, ...]) -> None:
    patterns = np.random.default_rng(0).integers(0, 2**32, (3, 4, 1, 5), np.uint32)
    got = runtime_host.connect().permute(patterns.view(np.float32), axes)
    np.testing.assert_array_equal(got.view(np.uint32), patterns.transpose(axes))
