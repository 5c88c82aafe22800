"""Memories begin with junk, and what nothing has written is not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelgen.targets.systolic.abi import Error, Operation
from modelgen.targets.systolic.reference import Scratchpad, UnwrittenReadError
from tests.support.feature_map_jobs import (
    DESTINATION,
    HARDWARE,
    HEIGHT,
    OUTPUTS,
    PADDED_PITCH,
    SOURCE,
    WEIGHTS,
    WIDTH,
    Machine,
    feature_map,
)
from tests.support.random_chains import BASE


def test_both_memories_of_the_engine_begin_with_other_junk_each_time() -> None:
    one, other = Scratchpad(HARDWARE), Scratchpad(HARDWARE)
    for name in ("buffer", "accumulators"):
        mine, theirs = (getattr(pad, name).values.view(np.uint32) for pad in (one, other))
        assert (mine != theirs).mean() > 0.99
        again = [getattr(Scratchpad(HARDWARE, 5), name).values.view(np.uint32) for _ in range(2)]
        np.testing.assert_array_equal(*again)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"load": False}, "buffer word 37"),
        ({"fill": False}, "buffer word 10"),
        ({"input_base": 14}, "buffer word 181"),
        ({"first": False}, "accumulator 0"),
    ],
)
def test_what_nothing_has_written_is_not_read(change: dict[str, Any], what: str) -> None:
    with pytest.raises(UnwrittenReadError, match=f"descriptor 0: it reads {what}, which nothing"):
        Machine().run(feature_map(**change))


@pytest.mark.parametrize(("rows", "place"), [(HEIGHT, None), (HEIGHT + 1, HEIGHT)])
def test_memory_that_nothing_has_written_is_not_read(rows: int, place: int | None) -> None:
    """The second job reads the rows that the first one has stored, or one more."""
    row = 4 * WIDTH * OUTPUTS
    again = feature_map(
        source=DESTINATION, source_pitch_y=row, source_pitch_x=4 * OUTPUTS, load_rows=rows
    )
    machine = Machine()
    written = np.ones(len(machine.memory) // 4, bool)
    written[(DESTINATION - BASE) // 4 :] = False
    if place is None:
        assert machine.run(feature_map(), again, written=written).error is Error.NONE
        return
    message = f"descriptor 1: it reads memory at {DESTINATION + place * row:#x}, which nothing"
    with pytest.raises(UnwrittenReadError, match=message):
        machine.run(feature_map(), again, written=written)


@pytest.mark.parametrize(("channels", "fails"), [(OUTPUTS, False), (OUTPUTS + 1, True)])
def test_columns_that_had_no_weights_are_not_read(channels: int, fails: bool) -> None:
    """The second job goes on with the sums of the first, or with one more."""
    chain = feature_map(store_memory=False), feature_map(first=False, channels=channels)
    if fails:
        with pytest.raises(UnwrittenReadError, match=r"descriptor 1: .* column of an accumulator"):
            Machine().run(*chain)
        return
    assert Machine().run(*chain).error is Error.NONE


KINDS = {
    "numbers": {"operation": Operation.SUM, "run_words": 7},
    "integers": {"operation": Operation.SUM, "run_words": 2, "int8": True, "step_y": 25},
}
KINDS["pairs"] = KINDS["integers"] | {"pair_rows": 1, "position_rows": 4}


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("numbers", "numbers", None),
        ("numbers", "integers", "adds integers to an accumulator that does not hold such"),
        ("numbers", "pairs", "adds pairs to an accumulator that does not hold such"),
        ("integers", "numbers", "adds FP32 numbers to an accumulator that holds integers"),
        ("integers", "integers", None),
        ("integers", "pairs", "adds pairs to an accumulator that does not hold such"),
        ("pairs", "integers", None),
        ("pairs", "pairs", None),
    ],
)
def test_sums_of_another_kind_are_not_added_to(
    first: str, second: str, message: str | None
) -> None:
    common = {"store_memory": False, "fill": False, "runs_y": 1, "tiles": 2, "position_rows": 4}
    common |= {"input_base": 10 + PADDED_PITCH + 3, "position_columns": 4}
    jobs = [feature_map(**common | KINDS[kind]) for kind in (first, second)]
    chain = jobs[0], replace(jobs[1], load=False, first=False)
    if message is None:
        assert Machine().run(*chain).error is Error.NONE
        return
    with pytest.raises(UnwrittenReadError, match=f"descriptor 1: it {message}"):
        Machine().run(*chain)


def test_tables_of_bytes_are_read_after_they_were_loaded() -> None:
    job = feature_map(
        operation=Operation.SUM, int8=True, run_words=2, step_y=25, channels=8, apply_table=True
    )
    with pytest.raises(UnwrittenReadError, match="word of the byte table 0, which nothing"):
        Machine().run(job)
    loading = replace(job, load_table=True, coefficients=SOURCE)
    assert Machine().run(loading, job).error is Error.NONE
    numbers = feature_map(load_table=True, coefficients=SOURCE)
    with pytest.raises(UnwrittenReadError, match="byte table"):
        Machine().run(numbers, job)


@pytest.mark.parametrize("stores", [False, True])
def test_channels_without_activations_are_not_stored(stores: bool) -> None:
    """A depthwise kernel of one tap, of 4 channels in one word; 5 are stored, or added to."""
    kernel = {"operation": Operation.DEPTHWISE, "int8": True, "runs_y": 1, "run_words": 1}
    kernel |= {"column_stride": 1, "run_pitch_x": 3, "channels": 4}
    machine = Machine()
    machine.put(WEIGHTS, np.zeros(64, np.int8))
    assert machine.run(feature_map(**kernel)).error is Error.NONE
    chain = [feature_map(**kernel, store_memory=False)]
    last = feature_map(**kernel | {"channels": 5, "run_words": 2 - stores}, first=stores)
    message = r"descriptor 1: .* a column of an accumulator that had no weights"
    if stores:
        chain, message = [], "descriptor 0: it stores channels that it reads no activations of"
    with pytest.raises(UnwrittenReadError, match=message):
        machine.run(*chain, last)
