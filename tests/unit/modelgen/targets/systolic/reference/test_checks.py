"""What the engine refuses, with the error that it reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelgen.targets.systolic.abi import Error, Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES
from modelgen.targets.systolic.reference import execute_chain
from tests.support.feature_map_jobs import (
    CHAIN,
    DESTINATION,
    HARDWARE,
    SOURCE,
    WEIGHTS,
    Machine,
    feature_map,
    written_scratchpad,
)
from tests.support.random_chains import BASE


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"operation": 0}, Error.BAD_OPERATION),
        ({"operation": 5}, Error.BAD_OPERATION),
        ({"fence": 3}, Error.BAD_OPERATION),
        ({"reserved": ((1, 1 << 26),)}, Error.BAD_OPERATION),
        ({"factor": 1}, Error.BAD_OPERATION),
        ({"factor": 2, "add_residual": True}, Error.BAD_OPERATION),
        ({"factor": 3}, Error.BAD_OPERATION),
        ({"reserved": ((8, 1 << 16),)}, Error.BAD_OPERATION),
        ({"reserved": ((15, 1 << 31),)}, Error.BAD_OPERATION),
        ({"reserved": ((31, 1 << 9),)}, Error.BAD_OPERATION),
        ({"span": True}, Error.BAD_OPERATION),
        ({"span": True, "run_words": 12, "runs_x": 2}, Error.BAD_OPERATION),
        ({"span": True, "run_words": 4, "operation": 3}, Error.BAD_OPERATION),
        ({"window_rows": 2, "store_rows": 3}, Error.BAD_OPERATION),
        ({"store_columns": 7}, Error.BAD_OPERATION),
        ({"profile": BASE + 4}, Error.BAD_ADDRESS),
        ({"source": BASE - 4}, Error.BAD_ADDRESS),
        ({"source": SOURCE + 2}, Error.BAD_ADDRESS),
        ({"source_pitch_y": 6}, Error.BAD_ADDRESS),
        ({"source_pitch_x": 6}, Error.BAD_ADDRESS),
        ({"weights": WEIGHTS + 4}, Error.BAD_ADDRESS),
        ({"weights": BASE + 0x5FF0}, Error.BAD_ADDRESS),
        ({"parameters": BASE + 0x6000}, Error.BAD_ADDRESS),
        ({"destination": BASE + 0x5FF0}, Error.BAD_ADDRESS),
        ({"destination": DESTINATION + 2}, Error.BAD_ADDRESS),
        ({"destination_pitch_x": 30}, Error.BAD_ADDRESS),
        ({"add_residual": True, "residual": BASE - 4}, Error.BAD_ADDRESS),
        ({"factor": 2, "residual": BASE - 4}, Error.BAD_ADDRESS),
        ({"scales_only": True, "parameters": BASE + 0x6000}, Error.BAD_ADDRESS),
        ({"load_table": True, "coefficients": BASE + 0x5010}, Error.BAD_ADDRESS),
        ({"load_table": True, "coefficients": BASE + 8}, Error.BAD_ADDRESS),
        ({"load_rows": 0}, Error.ZERO_DIMENSION),
        ({"load": False, "load_words": 0}, Error.ZERO_DIMENSION),
        ({"position_rows": 0}, Error.ZERO_DIMENSION),
        ({"position_columns": 0, "store_memory": False}, Error.ZERO_DIMENSION),
        ({"run_words": 0}, Error.ZERO_DIMENSION),
        ({"runs_x": 0}, Error.ZERO_DIMENSION),
        ({"runs_y": 0}, Error.ZERO_DIMENSION),
        ({"tiles": 0}, Error.ZERO_DIMENSION),
        ({"channels": 0, "destination_pitch_x": 4}, Error.ZERO_DIMENSION),
        ({"store_rows": 0}, Error.ZERO_DIMENSION),
        ({"window_columns": 0, "store_columns": 1}, Error.ZERO_DIMENSION),
        ({"load_base": 1900}, Error.BUFFER_OVERFLOW),
        ({"load_tail": 2000}, Error.BUFFER_OVERFLOW),
        ({"input_base": 1950}, Error.BUFFER_OVERFLOW),
        ({"store_buffer": True, "store_pitch_y": 600}, Error.BUFFER_OVERFLOW),
        ({"accumulator": 5}, Error.ACCUMULATOR_OVERFLOW),
    ],
)
def test_errors(change: dict[str, Any], error: Error) -> None:
    good = feature_map()
    result = Machine().run(good, replace(good, **change))
    assert (result.error, result.index) == (error, 1)
    assert result.address == CHAIN + DESCRIPTOR_BYTES


def test_what_is_not_used_may_be_anything() -> None:
    """Without loading and storing, their words are not looked at; sums need no weights."""
    job = replace(
        feature_map(
            operation=Operation.SUM, run_words=8, load=False, fill=False, store_memory=False
        ),
        source=3,
        load_rows=0,
        weights=7,
        parameters=1,
        destination=1,
        store_rows=0,
        window_rows=0,
    )
    result = Machine().run(job, scratchpad=written_scratchpad())
    assert result.error is Error.NONE


@pytest.mark.parametrize(("run", "runs", "allowed"), [(2, 9, False), (2, 8, True), (3, 9, True)])
def test_short_runs_may_be_spanned_if_few(run: int, runs: int, allowed: bool) -> None:
    """A slice crosses at most seven runs."""
    hardware = replace(HARDWARE, array_size=16)
    job = feature_map(span=True, run_words=run, runs_y=runs, run_pitch_y=run + 32, step_y=1)
    scratchpad = written_scratchpad(hardware)
    job = replace(job, channels=1, tiles=1)
    result = Machine().run(job, hardware=hardware, scratchpad=scratchpad)
    assert (result.error is Error.NONE) == allowed


def test_bad_descriptor_address() -> None:
    memory = bytearray(256)
    assert execute_chain(memory, BASE, BASE + 8, HARDWARE).error is Error.BAD_DESCRIPTOR
    assert execute_chain(memory, BASE, BASE + 144, HARDWARE).error is Error.BAD_DESCRIPTOR


def test_the_longest_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelgen.targets.systolic.reference.executor._LAST_INDEX", 1)
    result = Machine().run(feature_map(), feature_map())
    assert (result.error, result.index) == (Error.NONE, 1)
    result = Machine().run(feature_map(), feature_map(), feature_map())
    assert (result.error, result.index) == (Error.CHAIN_TOO_LONG, 1)
    assert result.address == CHAIN + DESCRIPTOR_BYTES


def test_a_loop_is_refused() -> None:
    machine = Machine()
    machine.put(CHAIN, np.frombuffer(replace(feature_map(), next=CHAIN).pack(), np.uint8))
    with pytest.raises(ValueError, match="the chain never ends"):
        execute_chain(machine.memory, BASE, CHAIN, HARDWARE)
