"""The CPU's execution of chains against the reference, and in corners of the arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelgen.targets.systolic.abi import Error, Operation
from modelgen.targets.systolic.descriptor import Descriptor, link
from modelgen.targets.systolic.reference import execute_chain, new_seed
from tests.support import runtime_host
from tests.support.nearly_valid import nearly_valid
from tests.support.random_chains import BASE, KINDS, ChainMaker, Limits
from tests.support.runtime_host import Geometry
from tests.support.small_jobs import (
    CHAIN,
    DESTINATION,
    GEOMETRY,
    MEMORY_BYTES,
    PARAMETERS,
    RESIDUAL,
    SOURCE,
    SOURCE_WORDS,
    hardware_of,
    run_chain,
    small_job,
)


@pytest.mark.parametrize("seed", range(150))
def test_random_chains_equal_the_reference(seed: int) -> None:
    geometry = Geometry((4, 8, 12, 16, 32)[seed % 5], 1024, 128)
    hardware = hardware_of(geometry)
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
    hardware = hardware_of(geometry)
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
    spanning = {"span": True, "run_words": 1, "run_pitch_y": 9, "position_rows": 3}
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
    in_memory = {"add_residual": False, "destination_pitch_x": 4 * x, "destination_pitch_y": 4 * y}
    job = small_job(**shape, **in_memory, store_pitch_x=x, store_pitch_y=y)
    reader = Descriptor(
        operation=Operation.SUM,
        first=True,
        store_memory=True,
        input_base=job.store_base,
        step_x=1,
        position_columns=words,
        position_rows=1,
        run_words=1,
        runs_x=1,
        runs_y=1,
        tiles=1,
        channels=1,
        parameters=PARAMETERS,
        destination=RESIDUAL,
        destination_pitch_x=4,
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
    assert execute_chain(memory, BASE, CHAIN, hardware_of(GEOMETRY)).error == got.error == 0
    assert got.memory == bytes(memory)


@pytest.mark.parametrize("changes", [{"slope": -0.5}, {"clamp_low": 0.0}, {"clamp_high": -0.0}])
def test_negative_zeros_are_not_below_zero(changes: dict[str, Any]) -> None:
    """Neither slope nor clamp changes them; the same in the reference."""
    changes |= {"add_residual": False, "store_buffer": False}
    job = small_job(**changes, channels=8, tiles=1)
    memory = bytearray(MEMORY_BYTES)
    memory[: len(job.pack())] = job.pack()
    parameters = np.array([-1.0] * 8 + [-0.0] * 8, "<f4").tobytes()
    memory[PARAMETERS - BASE : PARAMETERS - BASE + len(parameters)] = parameters
    got = runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    assert execute_chain(memory, BASE, CHAIN, hardware_of(GEOMETRY)).error == got.error == 0
    offset = DESTINATION - BASE
    for image in (got.memory, memory):
        assert np.frombuffer(image, "<u4", 8, offset).tolist() == [0x8000_0000] * 8


@pytest.mark.parametrize("operation", [Operation.SUM, Operation.MAX])
def test_sums_and_maxima_of_negative_zeros_keep_their_sign(operation: Operation) -> None:
    """Nothing is added to the first word, and nothing is compared with it."""
    plain = {"add_residual": False, "store_buffer": False, "load_head": 0, "channels": 3}
    shape = {
        "position_rows": 1,
        "position_columns": 1,
        "run_words": 3,
        "runs_y": 2,
        "run_pitch_y": 3,
    }
    stored = {"store_rows": 1, "store_columns": 1, "window_rows": 1, "window_columns": 1}
    job = small_job(operation=operation, **plain, **shape, **stored)
    memory = bytearray(MEMORY_BYTES)
    memory[: len(job.pack())] = job.pack()
    values = np.full(SOURCE_WORDS, -0.0, "<f4").tobytes()
    memory[SOURCE - BASE : SOURCE - BASE + len(values)] = values
    parameters = np.array([1.0] * 8 + [-0.0] * 8, "<f4").tobytes()
    memory[PARAMETERS - BASE : PARAMETERS - BASE + len(parameters)] = parameters
    got = runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    assert execute_chain(memory, BASE, CHAIN, hardware_of(GEOMETRY)).error == got.error == 0
    offset = DESTINATION - BASE
    for image in (got.memory, memory):
        assert np.frombuffer(image, "<u4", 3, offset).tolist() == [0x8000_0000] * 3


def test_profile_is_written() -> None:
    got = run_chain(small_job(profile=DESTINATION + 0x400))
    assert (got.error, got.memory[0x2400:0x2420]) == (0, bytes(32))
