"""The cost model: the work of a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelgen.hardware import Hardware
from modelgen.operators.window import Window
from modelgen.targets.systolic.abi import ACCUMULATE_LATENCY, FUNCTION_LATENCY, Operation
from modelgen.targets.systolic.cost import (
    CONSTANTS,
    job_cost,
    store_latency,
    table_cycles,
    tile_cycles,
)
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.scratchpad.layout import Layout
from modelgen.targets.systolic.tiling.cut import Source, Target, Tiling, cut, tile_count
from tests.support.layers import convolution, product

HARDWARE = Hardware(array_size=8, port_words=4)
TO_MEMORY = Target("y", memory=True)
LATENCY = store_latency(HARDWARE)


def job_of(geometry: Geometry, target: Target = TO_MEMORY, hardware: Hardware = HARDWARE) -> Any:
    """Return the one job of a layer whose input comes from memory."""
    view = geometry.target
    tiling = Tiling(
        heights=(view.rows,),
        width=view.columns,
        tiles=(tile_count(geometry, hardware),),
        taps=(geometry.y.kernel, geometry.x.kernel),
        words=geometry.words,
        span=False,
    )
    source = Source("x", staging=(0, hardware.buffer_words))
    (job,) = cut(geometry, source, target, tiling, hardware).jobs
    return job


def test_the_work_of_a_matrix_product() -> None:
    """64 rows of 32 words, 16 columns: 4 slices of 2 tiles, 16 transfers of 4 words a row."""
    cost = job_cost(job_of(product(64, 32, 16)), HARDWARE)
    assert cost.compute == 4 * 2 * 64 + CONSTANTS.compute_setup
    assert cost.weights == 4 * 2 * 4 + 32 // 4
    assert (cost.load, cost.load_port) == (64 * 8 + CONSTANTS.load_setup, 64 * 8)
    assert cost.filling == 0.0
    assert cost.store == 2 * 64 * 2 + LATENCY
    assert cost.store_port == 2 * 64 * 2 + 2 * 16 // 4
    assert (cost.store_lead, cost.store_tail) == (64, 64 * 2 + LATENCY)
    assert cost.reports and cost.halves == (1.0, 0.0)


def test_few_positions_wait_for_their_weights() -> None:
    cost = job_cost(job_of(product(1, 32, 16)), HARDWARE)
    assert cost.compute == 4 * 2 * 4 + CONSTANTS.compute_setup


def test_slices_of_one_output_wait_for_the_adder() -> None:
    cost = job_cost(job_of(product(1, 32, 8)), HARDWARE)
    assert cost.compute == 4 * ACCUMULATE_LATENCY + CONSTANTS.compute_setup


def test_an_operand_takes_the_port_once_more() -> None:
    plain = job_cost(job_of(product(64, 32, 16)), HARDWARE)
    added = job_cost(job_of(product(64, 32, 16), replace(TO_MEMORY, residual="r")), HARDWARE)
    assert added.store - plain.store == 2 * 64 * 2
    assert added.store_port - plain.store_port == 2 * 64 * 2


def test_a_store_into_the_buffer_leaves_the_port_to_others() -> None:
    geometry = product(64, 32, 16)
    cost = job_cost(job_of(geometry, Target("y", False, Layout(geometry.target, 16))), HARDWARE)
    assert cost.store == 2 * 64 * 2 + LATENCY
    assert cost.store_port == 2 * 16 // 4
    assert cost.store_writes == 1.0


def test_what_only_goes_to_the_buffer_is_stored_by_all_lanes() -> None:
    """At S = 16 eight lanes, of which four lack slope and operand."""
    hardware, geometry = Hardware(array_size=16), product(64, 32, 16)
    target = Target("y", False, Layout(geometry.target, 16))
    latency = store_latency(hardware)

    def store(target: Target) -> float:
        return job_cost(job_of(geometry, target, hardware), hardware).store - latency

    assert hardware.store_words == 8
    assert store(target) == 64 * 2
    assert store(replace(target, memory=True)) == 64 * 4
    assert store(replace(target, residual="r")) == 64 * 4
    assert store(replace(target, slope=True)) == 64 * 4
    assert store(replace(target, function=True)) == 64 * 4 + FUNCTION_LATENCY


def test_a_function_comes_later_and_its_table_before_unless_the_sums_take_as_long() -> None:
    geometry = product(4, 8, 8)
    plain, made = (job_of(geometry, replace(TO_MEMORY, function=on)) for on in (False, True))
    before, after = (job_cost(job, HARDWARE) for job in (plain, made))
    assert after.store - before.store == FUNCTION_LATENCY
    loading = replace(made, store=replace(made.store, loads_table=True))
    cost = job_cost(loading, HARDWARE)
    assert cost.store - after.store == table_cycles(HARDWARE) - cost.compute
    assert cost.store_port - after.store_port == 4096 / HARDWARE.port_bytes
    long = replace(loading, compute=replace(loading.compute, rows=table_cycles(HARDWARE)))
    shorter = replace(long, store=replace(long.store, loads_table=False))
    assert job_cost(long, HARDWARE).store == job_cost(shorter, HARDWARE).store


def test_padding_is_filled_without_the_port() -> None:
    window = Window((3, 3), padding=(1, 1, 1, 1))
    cost = job_cost(job_of(convolution((1, 8, 8, 4), 8, window)), HARDWARE)
    assert cost.load_port == 8 * 8
    assert cost.load > cost.load_port + CONSTANTS.load_setup
    share = 1.0 - (cost.load_port + CONSTANTS.load_setup) / cost.load
    assert cost.filling == pytest.approx(share)


def test_positions_of_a_pooling_are_read_before_one_is_stored() -> None:
    """A window of four positions takes four reads of all sums; two writes, one with the last."""
    geometry = convolution((1, 8, 8, 4), 8, Window((1, 1)), pool=(2, 2))
    cost = job_cost(job_of(geometry), HARDWARE)
    assert cost.store == 16 * (4 + 2 - 1) + LATENCY
    assert cost.store_port == 16 * 2 + 16 // 4
    assert cost.store_reads == pytest.approx(4 / 5)


def test_a_job_that_stores_nothing_reports_only_as_the_last() -> None:
    job = replace(job_of(product(64, 32, 16)), store=None)
    cost = job_cost(job, HARDWARE)
    assert (cost.store, cost.store_port, cost.latency, cost.reports) == (0, 0, 0, False)
    assert job_cost(job, HARDWARE, last=True).reports


def test_sums_in_both_halves_of_the_accumulators() -> None:
    job = replace(job_of(product(64, 32, 16)), accumulator=HARDWARE.accumulator_depth // 2 - 32)
    assert job_cost(job, HARDWARE).halves == (0.25, 0.75)


def test_cycles_of_a_tile() -> None:
    """64 weights at 16 bytes a cycle; channel by channel, a line of 16 bytes; else none."""
    assert tile_cycles(Operation.MATMUL, 8, HARDWARE) == (4, 4)
    assert tile_cycles(Operation.MATMUL, 3, HARDWARE) == (2, 2)
    assert tile_cycles(Operation.DEPTHWISE, 3, HARDWARE) == (4, 1)
    assert tile_cycles(Operation.SUM, 8, HARDWARE) == (0, 0)
    assert tile_cycles(Operation.MAX, 8, HARDWARE) == (0, 0)


def test_weights_of_4_bits_take_half_the_port() -> None:
    """They enter the array at the same rate."""
    assert tile_cycles(Operation.MATMUL, 8, HARDWARE, bits=4) == (4, 2)
    assert tile_cycles(Operation.DEPTHWISE, 8, HARDWARE, 4, bits=4) == (4, 2)


def test_a_beat_of_a_wide_port_may_be_part_of_a_tile() -> None:
    wide = Hardware(array_size=16, port_words=8)
    assert tile_cycles(Operation.MATMUL, 1, wide) == (1, 1)


def test_a_last_tile_of_few_columns_takes_no_longer_than_they_do() -> None:
    """Four slices of tiles of 8 and of 2 columns, for one row; parameters of 2 are two lines."""
    cost = job_cost(job_of(product(1, 32, 10)), HARDWARE)
    assert cost.compute == 4 * max(4 + 1, ACCUMULATE_LATENCY) + CONSTANTS.compute_setup
    assert cost.weights == 4 * (4 + 1) + 32 // 4
    assert cost.store == 2 + 1 + LATENCY
    assert cost.store_port == 2 + 1 + 2 * 8 // 4 + 2
    assert (cost.store_lead, cost.store_tail) == (1, 1 + LATENCY)
