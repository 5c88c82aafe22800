"""The builder of descriptors sets what it names, and addresses at run time."""

from __future__ import annotations

import numpy as np

from flows import config
from modelgen.targets.systolic.abi import Factor, Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from tests.support import runtime_host
from tests.support.random_chains import BASE


def test_builder_makes_the_descriptor_that_it_names() -> None:
    size = config.load().engine.array_size
    full, partial, sum_, max_, gate, product, *_ = runtime_host.connect().built_descriptors()
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
        source_pitch_y=384,
        source_pitch_x=12,
        load_rows=10,
        load_columns=32,
        load_words=3,
        load_pitch_y=102,
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
        run_words=9,
        runs_x=1,
        runs_y=3,
        run_pitch_y=105,
        tiles=-(-19 // size),
        channels=19,
        weights=0x80002000,
        parameters=0x80003000,
        destination=0x80004000,
        destination_pitch_x=80,
        destination_pitch_y=640,
        residual=0x80007000,
        store_columns=5,
        store_rows=2,
        store_base=4000,
        store_pitch_x=20,
        store_pitch_y=180,
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
        run_words=8,
        runs_x=4,
        runs_y=3,
        run_pitch_x=8,
        run_pitch_y=24,
        tiles=-(-8 // size),
        channels=8,
        store_columns=3,
        store_rows=2,
        window_columns=1,
        window_rows=1,
        clamp_low=0.0,
    )
    assert (sum_.operation, sum_.fence, sum_.run_words, sum_.runs_x, sum_.runs_y) == (3, 2, 5, 1, 1)
    assert (max_.operation, max_.fill, max_.fill_value, max_.load) == (4, True, 0.0, False)
    assert (gate.scales_only, gate.parameters) == (True, BASE + 0x1000)
    assert (gate.load_table, gate.coefficients) == (True, BASE + 0x2000)
    assert (gate.apply_table, gate.factor) == (True, Factor.VALUE)
    assert (gate.table_reach, gate.table_fraction) == (4, 25)
    assert (product.apply_table, product.factor) == (True, Factor.OPERAND)
    assert (product.table_reach, product.table_fraction) == (15, 31)
    assert (product.residual, product.destination_pitch_y) == (BASE + 0x3000, 80)
    assert (product.load_table, product.scales_only, product.add_residual) == (False,) * 3


def test_builder_of_integer_jobs() -> None:
    *_, pairs, kernel = runtime_host.connect().built_descriptors()
    assert (pairs.int8, pairs.int4_weights, pairs.ties_even) == (True, True, True)
    assert (pairs.zero_point, pairs.integer_low, pairs.integer_high) == (-128, -3, 127)
    assert (pairs.pair_rows, pairs.column_stride) == (0x1234, 0)
    assert (pairs.fill, np.float32(pairs.fill_value).tobytes()) == (True, b"\xfe" * 4)
    assert (pairs.load_table, pairs.coefficients) == (True, BASE + 0x1000)
    assert (pairs.apply_table, pairs.table_reach, pairs.table_fraction) == (True, 0, 0)
    assert (kernel.operation, kernel.int8) == (Operation.DEPTHWISE, True)
    assert (kernel.zero_point, kernel.integer_low, kernel.integer_high) == (127, -128, 6)
    assert (kernel.pair_rows, kernel.column_stride) == (0, 2)
    assert (kernel.int4_weights, kernel.ties_even) == (False, False)


def test_addresses_are_set_at_run_time() -> None:
    got = runtime_host.connect().descriptor_with_addresses()
    assert (got.source, got.destination, got.residual) == (BASE + 4, BASE + 8, BASE + 12)
    assert got.parameters == BASE + 16
