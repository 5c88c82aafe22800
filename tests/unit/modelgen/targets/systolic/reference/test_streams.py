"""Weights and parameters of jobs, as they lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.integer_parameters import words_by_tile
from modelgen.targets.systolic.reference import streams
from modelgen.targets.systolic.reference.memory import Fault, Memory
from tests.support.random_chains import BASE
from tests.support.random_integers import packed

SIZE = 12
RANDOM = np.random.default_rng(1)


def descriptor(**changes: Any) -> Descriptor:
    """One run of 4 words; 2 tiles of 12 channels, of which 5 of the second exist."""
    fields = {"run_words": 4, "runs_x": 1, "runs_y": 1, "position_rows": 1, "position_columns": 1}
    return Descriptor(**{**fields, "weights": BASE, "tiles": 2, "channels": 17, **changes})


def read(data: bytes, job: Descriptor) -> np.ndarray:
    found = streams.weights(job, Memory(bytearray(data), BASE), SIZE)
    assert found is not None
    return found


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("int4", [False, True])
def test_matrices(int8: bool, int4: bool) -> None:
    count = 2 if int8 else 1
    tiles = RANDOM.integers(-8, 8, (count, 2 * SIZE, SIZE)).astype(np.int8)
    tiles[:, 17:] = 0
    data = b"".join(
        packed(slice_[:SIZE], int4, SIZE) + packed(slice_[SIZE:17], int4, SIZE) for slice_ in tiles
    )
    job = descriptor(int8=int8, int4_weights=int4)
    np.testing.assert_array_equal(read(data, job), tiles.transpose(0, 2, 1))
    with pytest.raises(Fault):
        read(data[:-16], job)


def test_ends_of_lines_belong_to_no_column() -> None:
    # 5 columns of 12 weights of 4 bits are 30 bytes in 32.
    data = bytearray(packed(np.ones((5, SIZE), np.int8), True, SIZE))
    data[30:] = b"\x77\x77"
    job = descriptor(int8=True, int4_weights=True, run_words=3, tiles=1, channels=5)
    found = read(bytes(data), job)
    assert found[:, :, :5].all()
    assert not found[:, :, 5:].any()


@pytest.mark.parametrize("int4", [False, True])
def test_diagonals(int4: bool) -> None:
    weights = RANDOM.integers(-8, 8, (3, 2, SIZE)).astype(np.int8)
    lines = [packed(line[None], int4, SIZE) for line in weights.reshape(-1, SIZE)]
    assert {len(line) for line in lines} == {16}
    job = descriptor(operation=Operation.DEPTHWISE, int4_weights=int4, runs_x=3)
    np.testing.assert_array_equal(read(b"".join(lines), job), weights.reshape(3, -1))


def test_kernels_are_cut_into_blocks() -> None:
    """4 x 7 taps are 2 x 3 blocks of 3 x 3."""
    job = descriptor(operation=Operation.DEPTHWISE, int8=True, runs_y=4, runs_x=7)
    tile = SIZE * SIZE + 64
    found = read(bytes(6 * tile), job)
    assert found.shape == (6, SIZE, 2 * SIZE)
    with pytest.raises(Fault):
        read(bytes(6 * tile - 16), job)


@pytest.mark.parametrize("operation", [Operation.SUM, Operation.MAX])
def test_other_operations_have_none(operation: Operation) -> None:
    assert streams.weights(descriptor(operation=operation), Memory(bytearray(), BASE), 4) is None


@pytest.mark.parametrize("adds", [False, True])
def test_parameters_of_integers(adds: bool) -> None:
    arrays = RANDOM.integers(-(2**31), 2**31, (3, 17))
    line = np.arange(4, dtype="<i4").repeat(4).reshape(4, 4)[: 4 * adds]
    data = line.tobytes() + words_by_tile(list(arrays), SIZE)
    job = descriptor(int8=True, parameters=BASE, add_residual=adds, store_memory=True)
    found_line, found = streams.integer_parameters(job, Memory(bytearray(data), BASE), SIZE)
    np.testing.assert_array_equal(found[:, :17], arrays)
    np.testing.assert_array_equal(found_line, line)
    with pytest.raises(Fault):
        streams.integer_parameters(job, Memory(bytearray(data[:-16]), BASE), SIZE)
