"""The CPU's execution of INT8 jobs against the reference, and in corners of the arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.channel_forms import SHIFTS, SUM_BITS, rounded, within
from modelgen.targets.systolic.abi import Error, Operation
from modelgen.targets.systolic.descriptor import Descriptor, link
from modelgen.targets.systolic.integer_parameters import bias_words
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
    WEIGHTS,
    hardware_of,
    run_chain,
    small_integer_job,
    small_kernel_job,
)

RANDOM = np.random.default_rng(6)


def channel(multiplier: int, shift: int, bias: int = 0, offsets: int = 0) -> tuple[int, ...]:
    """Returns the words of a channel."""
    (word,) = bias_words(np.array([bias]), np.array([shift]))
    return multiplier, int(word), offsets


UNCHANGED = 1 << SHIFTS[0], SHIFTS[0]
"""Makes a sum its own result."""


@pytest.mark.parametrize("integers", [1.0, 0.6])
@pytest.mark.parametrize("seed", range(50))
def test_random_chains_equal_the_reference(seed: int, integers: float) -> None:
    geometry = Geometry((4, 8, 12, 16, 32)[seed % 5], 1024, 128)
    hardware = hardware_of(geometry)
    chain = ChainMaker(seed, hardware, KINDS[seed % 4], Limits(), integers=integers).make(8)
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
    for number, chain in enumerate(nearly_valid(seed, hardware, 50, integers=0.9)):
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
    """One word or line more decides in buffer and memory."""
    end = BASE + MEMORY_BYTES
    last = {
        "load_base": 1024 - (20 + 6 * 26 + 20),
        "input_base": 1024 - (26 + 2 * 26 + 3 * 3 + 2 * 26 + 9),
        "store_base": 1024 - (3 * 6 + 3 + 3),
        "destination": end - (3 * 24 + 12 + 12),
        "residual": end - (3 * 24 + 12 + 12),
        "parameters": end - (64 + 3 * 32 + 3 * 16),
        "weights": end - 15 * (64 + 32),
        "coefficients": end - 256,
    }
    table = {"load_table": True, "coefficients": SOURCE}
    for name, place in last.items():
        in_memory = place >= BASE
        step = 16 if name in ("weights", "coefficients") else 4 if in_memory else 1
        code = Error.BAD_ADDRESS if in_memory else Error.BUFFER_OVERFLOW
        assert run_chain(small_integer_job(**table | {name: place})).error == 0, name
        assert run_chain(small_integer_job(**table | {name: place + step})).error == code, name
    assert run_chain(small_integer_job(int4_weights=True, weights=end - 15 * 48)).error == 0
    assert run_chain(small_kernel_job(weights=end - 2 * (64 + 32))).error == 0


def memory_with(jobs: list[Descriptor], data: dict[int, np.ndarray]) -> bytearray:
    """Memory with jobs, and data at addresses."""
    memory = bytearray(MEMORY_BYTES)
    image = link(jobs, CHAIN)
    memory[: len(image)] = image
    for address, values in data.items():
        content = values.tobytes()
        memory[address - BASE : address - BASE + len(content)] = content
    return memory


def run_both(jobs: list[Descriptor], data: dict[int, np.ndarray]) -> bytes:
    """Runs a chain on the software engine and the reference, and returns what memory has then."""
    memory = memory_with(jobs, data)
    got = runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    assert execute_chain(memory, BASE, CHAIN, hardware_of(GEOMETRY)).error == got.error == 0
    assert got.memory == bytes(memory)
    return got.memory


def parameters(columns: int = 8, factor: tuple[int, int] = UNCHANGED, bias: int = 0) -> np.ndarray:
    """Parameters of one tile without offsets."""
    return np.array(channel(*factor, bias)).repeat(columns).astype("<i4")


@pytest.mark.parametrize(("weight", "results"), [(-128, [-100, 12]), (127, [0, 0])])
def test_sums_of_eight_rows_beyond_18_bits_are_carried_into_the_other_half(
    weight: int, results: list[int]
) -> None:
    """8 x 128 x 128 is 2^17, one more than 18 bits hold; a position reads 12 times as much."""
    changes = {"add_residual": False, "store_buffer": False, "input_base": 20}
    job = small_integer_job(**changes, tiles=1, channels=8)
    data = {
        SOURCE: np.full(6 * 72, -128, np.int8),
        WEIGHTS: np.full(15 * 64, weight, np.int8),
        PARAMETERS: parameters(bias=3 * 36 * 128 * weight),
    }
    memory = run_both([job], data)
    found = np.frombuffer(memory, np.int8)[DESTINATION - BASE :]
    assert [found[0], found[3 * 24]] == results


@pytest.mark.parametrize(("byte", "result"), [(43, 44), (44, 44), (45, 45 - 256)])
def test_a_larger_byte_takes_the_place_of_an_earlier_sum(byte: int, result: int) -> None:
    """300 has the low byte 44; 256 is taken away again."""
    shape = {"position_rows": 1, "position_columns": 1, "store_rows": 1, "store_columns": 1}
    shape |= {"window_columns": 1, "run_words": 2, "channels": 8, "tiles": 1, "pair_rows": 0}
    shape |= {"add_residual": False}
    total = small_integer_job(
        **shape,
        **{"operation": Operation.SUM, "input_base": 20, "runs_y": 3, "run_pitch_y": 3},
        **{"store_memory": False, "store_buffer": False},
    )
    largest = small_integer_job(
        **shape,
        **{"operation": Operation.MAX, "input_base": 20 + 9, "runs_y": 1},
        **{"load": False, "fill": False, "first": False},
    )
    values = np.zeros((6, 6, 12), np.int8)
    values[0, :3] = 100
    values[0, 3] = byte
    memory = run_both([total, largest], {SOURCE: values, PARAMETERS: parameters(bias=-256)})
    assert np.frombuffer(memory, np.int8)[DESTINATION - BASE] == max(result, -100)


@pytest.mark.parametrize("steps", [(1, 4), (2, 3), (3, 2), (0, 0)], ids=str)
@pytest.mark.parametrize("pair_rows", [0, 1])
def test_of_overlapping_results_the_last_one_stays(steps: tuple[int, int], pair_rows: int) -> None:
    """In memory and in the buffer, from which a second job stores them; as in the reference."""
    x, y = steps
    words = x + (2 + pair_rows) * y + 3
    in_memory = {"add_residual": False, "destination_pitch_x": 4 * x, "destination_pitch_y": 4 * y}
    job = small_integer_job(
        **in_memory, pair_rows=pair_rows, store_pitch_x=x, store_pitch_y=y, store_base=900
    )
    reader = small_integer_job(
        **{"operation": Operation.MAX, "load": False, "fill": False, "pair_rows": 0},
        **{"store_buffer": False, "add_residual": False, "input_base": 900, "step_x": 1},
        **{"position_columns": words, "position_rows": 1},
        **{"run_words": 1, "runs_y": 1, "tiles": 1, "channels": 4, "destination": RESIDUAL},
        **{"store_columns": words, "store_rows": 1},
        **{"window_columns": 1, "parameters": PARAMETERS + 0x400, "destination_pitch_x": 4},
    )
    data = {
        SOURCE: RANDOM.integers(-128, 128, 6 * 72).astype(np.int8),
        WEIGHTS: RANDOM.integers(-128, 128, 15 * 96).astype(np.int8),
        PARAMETERS: np.concatenate([parameters(tile, (1 << 28, 37)) for tile in (8, 4)]),
        PARAMETERS + 0x400: parameters(4),
    }
    run_both([job, reader], data)


@pytest.mark.parametrize("shift", SHIFTS[:2])
def test_rounding_as_fp32_near_ties(shift: int) -> None:
    """Sums just beside the middle between two integers, on both sides of what becomes a tie."""
    for multiplier in (1 << 6, 1 << 8, 1 << 12, 1 << 19):
        whole = np.arange(min(256, 2**26 * multiplier >> shift))
        middles = (2 * whole + 1 << shift - 1) // multiplier
        near = (middles[:, None] + np.arange(-5, 6)).reshape(-1)
        sums = np.concatenate([near, -near])
        expected = rounded(sums * multiplier, shift, ties_even=True)
        words = channel(multiplier, shift)
        got = runtime_host.connect().requantize(sums, words, ties_even=True)
        np.testing.assert_array_equal(got, expected)
        got = runtime_host.connect().requantize(sums, words, ties_even=False)
        np.testing.assert_array_equal(got, rounded(sums * multiplier, shift))


@pytest.mark.parametrize("bias", [0, 2**29 - 1, -(2**29)])
def test_sums_with_bias_of_more_than_27_bits_are_beyond_all_bounds(bias: int) -> None:
    sums = np.array([0, -1, 2**26 - 1, 2**26, -(2**26), -(2**26) - 1, 2**31 - 1, -(2**31)])
    sums = np.concatenate([sums, (sums[:-2] - bias).clip(-(2**31), 2**31 - 1)])
    got = runtime_host.connect().requantize(sums, channel(*UNCHANGED, bias), ties_even=False)
    np.testing.assert_array_equal(got, within(sums + bias, SUM_BITS, sums + bias))


def test_offsets_depend_on_the_sign_of_the_product() -> None:
    """A result is 2^14 of a sum, and of the offsets."""
    words = channel(1 << 16, 30, -5, (-2 << 14 & 0xFFFF) << 16 | 2 << 14)
    got = runtime_host.connect().requantize(
        np.array([4, 5, 5 - 2**14, 5 + 2**14]), words, ties_even=False
    )
    assert got.tolist() == [-2, 2, -3, 3]
