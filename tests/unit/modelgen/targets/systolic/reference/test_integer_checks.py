"""Malformed INT8 jobs, and those that the engine has nothing for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Error, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference.checks import buffer_end, descriptor_faults, size_faults

HARDWARE = Hardware(array_size=8, buffer_words=1024, accumulator_depth=64)
GROUP = 2
DEPTHWISE = {
    "operation": Operation.DEPTHWISE,
    "step_x": 6,
    "run_pitch_x": 3,
    "column_stride": 2,
    "run_pitch_y": 8 + GROUP,
}


def job(**changes: Any) -> Descriptor:
    """2 x 4 positions that read 2 runs of 3 words; two tiles, 11 channels stored."""
    fields = {
        "int8": True,
        "first": True,
        "store_memory": True,
        "position_rows": 2,
        "position_columns": 4,
        "step_x": 3,
        "step_y": 30,
        "run_words": 3,
        "runs_x": 1,
        "runs_y": 2,
        "run_pitch_y": 30,
        "tiles": 2,
        "channels": 11,
        "store_rows": 2,
        "store_columns": 4,
        "destination_pitch_x": 12,
        "destination_pitch_y": 48,
        "window_rows": 1,
        "window_columns": 1,
    }
    return Descriptor(**{**fields, **changes})


def faults(descriptor: Descriptor, hardware: Hardware = HARDWARE) -> list[Error]:
    found = descriptor_faults(descriptor, hardware) or size_faults(descriptor, hardware)
    return found[:1]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ties_even": True, "int4_weights": True},
        {"add_residual": True, "apply_table": True, "load_table": True},
        {"pair_rows": 1, "step_y": GROUP},
        {"pair_rows": 3, "step_y": GROUP},
        {"pair_rows": 1, "step_y": GROUP, "window_rows": 2, "store_rows": 1},
        {"pair_rows": 1, "step_y": GROUP, "operation": Operation.MAX},
        {"span": True, "run_words": 1, "run_pitch_y": 9, "runs_y": 9},
        {"int8": False, "int4_weights": True},
        DEPTHWISE,
        DEPTHWISE | {"int4_weights": True},
        DEPTHWISE | {"runs_y": 1, "run_pitch_y": 7},
        DEPTHWISE | {"runs_x": 255, "run_pitch_x": 1, "step_x": 2, "run_pitch_y": 2},
    ],
)
def test_valid_jobs(changes: dict[str, Any]) -> None:
    assert not faults(job(**changes))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scales_only": True}, Error.BAD_OPERATION),
        ({"factor": 2}, Error.BAD_OPERATION),
        ({"factor": 1, "apply_table": True}, Error.BAD_OPERATION),
        ({"column_stride": 1}, Error.BAD_OPERATION),
        ({"int8": False, "column_stride": 1}, Error.BAD_OPERATION),
        ({"int8": False, "pair_rows": 1, "step_y": GROUP}, Error.BAD_OPERATION),
        ({"int8": False, "ties_even": True}, Error.BAD_OPERATION),
        (
            {"int8": False, "int4_weights": True, "operation": Operation.DEPTHWISE},
            Error.BAD_OPERATION,
        ),
        (DEPTHWISE | {"pair_rows": 1, "step_y": GROUP}, Error.BAD_OPERATION),
        (DEPTHWISE | {"int8": False}, Error.BAD_OPERATION),
        (DEPTHWISE | {"column_stride": 0, "step_x": 0}, Error.ZERO_DIMENSION),
        (DEPTHWISE | {"step_x": 5}, Error.BAD_OPERATION),
        (DEPTHWISE | {"run_pitch_y": 8}, Error.BAD_OPERATION),
        (DEPTHWISE | {"runs_x": 256, "run_pitch_x": 0, "step_x": 0}, Error.BAD_OPERATION),
        ({"pair_rows": 1, "step_y": 8}, Error.BAD_OPERATION),
        ({"pair_rows": 4, "step_y": GROUP}, Error.BAD_OPERATION),
        ({"pair_rows": 1, "step_y": GROUP - 1}, Error.BAD_OPERATION),
        (
            {"pair_rows": 1, "step_y": GROUP, "window_rows": 0, "store_memory": False},
            Error.BAD_OPERATION,
        ),
        (
            {"pair_rows": 1 << 15, "step_y": 1, "destination_pitch_y": 1 << 16},
            Error.BAD_OPERATION,
        ),
        ({"pair_rows": 32769, "step_y": 2, "destination_pitch_y": 1 << 16}, Error.BAD_ADDRESS),
        ({"span": True, "runs_y": 9, "run_words": 1, "run_pitch_y": 8}, Error.BAD_OPERATION),
        ({"input_base": 1024 - 72 + 1}, Error.BUFFER_OVERFLOW),
    ],
)
def test_faults(changes: dict[str, Any], error: Error) -> None:
    assert faults(job(**changes)) == [error]


@pytest.mark.parametrize("changes", [{}, {"int8": False, "int4_weights": True}])
def test_engines_without_integers_refuse_them(changes: dict[str, Any]) -> None:
    small = replace(HARDWARE, int8=False)
    assert faults(job(**changes), small) == [Error.BAD_OPERATION]
    assert not faults(job(int8=False), small)


def test_small_arrays_have_kernels_of_one_row() -> None:
    small = replace(HARDWARE, array_size=4)
    assert not faults(job(**DEPTHWISE | {"run_pitch_y": 7}), small)


def test_ends_of_what_is_read_and_stored() -> None:
    """Rows, columns and runs, then 3 words; of pairs the second position, and its results."""
    assert buffer_end(job(), 8) == 30 + 9 + 30 + 3
    assert buffer_end(job(pair_rows=3), 8) == 30 + 9 + 30 + 3 + 90
    channels = job(operation=Operation.SUM, run_words=9)
    assert buffer_end(channels, 8) == 30 + 9 + 30 + 4, "two tiles have the channels of 4 words"
    stored = job(store_buffer=True, store_base=500, store_pitch_x=4, store_pitch_y=20)
    assert buffer_end(stored, 8) == 500 + 20 + 12 + 3
    assert buffer_end(replace(stored, pair_rows=3), 8) == 500 + 4 * 20 + 12 + 3
