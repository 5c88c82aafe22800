"""Jobs: how many slices and accumulator entries they take."""

from __future__ import annotations

import pytest

from modelgen.targets.systolic.abi import Operation
from tests.support.engine_jobs import compute, job, layer, load


@pytest.mark.parametrize(
    ("operation", "changes", "slices"),
    [
        # Each of the 6 runs of 9 words takes 3 slices of its own; a span fills them up.
        (Operation.MATMUL, {"runs_y": 3, "runs_x": 2}, 18),
        (Operation.MATMUL, {"runs_y": 3, "span": True}, 7),
        (Operation.MATMUL, {"run": 8}, 2),
        # A channel a lane: one slice a tap, however many channels there are.
        (Operation.DEPTHWISE, {"runs_y": 3, "runs_x": 3}, 9),
        (Operation.MAX, {"runs_y": 2, "runs_x": 2, "run": 100}, 4),
        (Operation.SUM, {}, 1),
    ],
)
def test_slices_of_a_position(operation: Operation, changes: dict, slices: int) -> None:
    assert job(operation=operation, compute=compute(**changes)).slices(4) == slices


def test_accumulator_entries() -> None:
    assert job(tiles=3).positions == 6 and job(tiles=3).entries == 18


def test_rows_of_a_load_begin_behind_its_head() -> None:
    assert load(head=7).first_row == 107


def test_the_epilogue_is_the_operator_s() -> None:
    assert layer(job(), low=0.0, high=6.0).epilogue.bounds == (0.0, 6.0)
