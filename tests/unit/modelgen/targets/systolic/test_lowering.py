"""From a job to the fields of its descriptor, and to the places that it addresses."""

from __future__ import annotations

import math
from dataclasses import replace

from modelgen.targets.systolic.abi import Factor, Fence, Operation
from modelgen.targets.systolic.jobs import Place, Table
from modelgen.targets.systolic.lowering import Constant, Lowering, lower_job
from tests.support.engine_jobs import compute, job, layer, load, store


def lowered(*, epilogue: dict | None = None, **changes: object) -> Lowering:
    made = job(**changes)
    return lower_job(layer(made, **(epilogue or {})), made)


def test_what_is_computed() -> None:
    shape = compute(base=5, runs_y=3, runs_x=2, pitch_y=30, pitch_x=12)
    found = lowered(
        operation=Operation.DEPTHWISE, compute=shape, accumulator=16, fence=Fence.ALL, first=False
    ).descriptor
    assert (found.operation, found.fence, found.first) == (Operation.DEPTHWISE, Fence.ALL, False)
    assert (found.input_base, found.accumulator) == (5, 16)
    assert (found.position_rows, found.position_columns) == (2, 3)
    assert (found.step_y, found.step_x, found.run_words) == (30, 9, 9)
    assert (found.runs_y, found.runs_x, found.run_pitch_y, found.run_pitch_x) == (3, 2, 30, 12)
    assert (found.tiles, found.channels, found.span) == (2, 10, False)


def test_a_job_without_load_and_store_addresses_nothing() -> None:
    found = lowered()
    assert found.places == {}
    job = found.descriptor
    assert not (job.load or job.fill or job.stores or job.add_residual)
    assert (job.store_rows, job.store_columns, job.window_rows, job.window_columns) == (2, 3, 1, 1)


def test_what_is_loaded() -> None:
    found = lowered(load=load(head=7, tail=2, fill=-1.5))
    job = found.descriptor
    assert job.load and job.fill and job.fill_value == -1.5
    assert (job.load_rows, job.load_columns, job.load_words) == (2, 3, 9)
    assert (job.source_pitch_y, job.source_pitch_x) == (108, 36)
    assert (job.load_base, job.load_pitch_y, job.load_head, job.load_tail) == (100, 30, 7, 2)
    assert found.places == {"source": Place("x", 8)}


def test_a_frame_alone_is_filled_and_nothing_is_loaded() -> None:
    """Zero is a value to fill with; None is not."""
    job = lowered(load=load(source=None, fill=0.0)).descriptor
    assert job.fill and not job.load and job.fill_value == 0.0
    assert not lowered(load=load()).descriptor.fill


def test_where_results_go() -> None:
    to = store(residual=Place("r"), buffer=500, step_y=60, step_x=20)
    found = lowered(store=to, window=(2, 3), epilogue={"slope": 0.25, "low": -1.0})
    job = found.descriptor
    assert job.store_memory and job.store_buffer and job.add_residual
    assert (job.destination_pitch_y, job.destination_pitch_x) == (120, 40)
    assert (job.store_base, job.store_pitch_y, job.store_pitch_x) == (500, 60, 20)
    assert (job.store_rows, job.store_columns) == (2, 3)
    assert (job.window_rows, job.window_columns) == (2, 3)
    assert (job.slope, job.clamp_low, job.clamp_high) == (0.25, -1.0, math.inf)
    assert found.places["destination"] == Place("y", 40)
    assert found.places["residual"] == Place("r")


def test_a_function_by_a_table() -> None:
    made = job(store=store(loads_table=True), channel=16)
    gated = replace(layer(made, function="silu"), table=Table(8192, 4, 25))
    found = lower_job(gated, made)
    fields = found.descriptor
    assert (fields.apply_table, fields.load_table, fields.factor) == (True, True, Factor.VALUE)
    assert (fields.table_reach, fields.table_fraction) == (4, 25)
    assert found.places["coefficients"] == Constant("parameters", 8192)
    again = job(store=store())
    kept = lower_job(replace(layer(again, function="tanh"), table=Table(0, 3, 25)), again)
    assert (kept.descriptor.load_table, kept.descriptor.factor) == (False, Factor.SLOPE)
    assert "coefficients" not in kept.places


def test_an_operand_is_a_factor_and_not_added() -> None:
    found = lowered(store=store(residual=Place("r")), epilogue={"product": True})
    assert (found.descriptor.add_residual, found.descriptor.factor) == (False, Factor.OPERAND)
    assert found.places["residual"] == Place("r")


def test_scales_from_a_tensor_are_those_of_the_job_s_channels() -> None:
    made = job(store=store(), channel=16)
    found = lower_job(replace(layer(made), scales="v"), made)
    assert found.descriptor.scales_only
    assert found.places["parameters"] == Place("v", 4 * 16)


def test_word_zero_of_the_buffer_is_a_place_to_store() -> None:
    job = lowered(store=store(memory=None, buffer=0)).descriptor
    assert job.store_buffer and not job.store_memory


def test_constants_of_the_job_s_own_channels() -> None:
    places = lowered(channel=16, weights=0, parameters=384, store=store()).places
    assert places["parameters"] == Constant("parameters", 384)
    assert places["weights"] == Constant("weights", 0)


def test_addresses_are_filled_in_and_nothing_else() -> None:
    found = lowered(load=load(), weights=64, parameters=256, store=store())
    known = {
        Place("x", 8): 0x8000_0100,
        Constant("weights", 64): 0x8000_0200,
        Constant("parameters", 256): 0x8000_0300,
        Place("y", 40): 0x8000_0400,
    }
    job = found.resolved(known.__getitem__)
    assert (job.source, job.weights) == (0x8000_0100, 0x8000_0200)
    assert (job.parameters, job.destination) == (0x8000_0300, 0x8000_0400)
    assert (job.residual, job.next, job.profile) == (0, 0, 0)
    assert job.load_words == found.descriptor.load_words
