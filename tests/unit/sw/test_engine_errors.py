"""What the software engine refuses, and where it says that the fault is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import DESCRIPTOR_BYTES, Descriptor, link
from modelgen.targets.systolic.reference import execute_chain
from tests.support import runtime_host
from tests.support.random_chains import BASE
from tests.support.runtime_host import Geometry
from tests.support.small_jobs import (
    CHAIN,
    GEOMETRY,
    MEMORY_BYTES,
    RESIDUAL,
    SOURCE,
    WEIGHTS,
    hardware_of,
    run_chain,
    small_integer_job,
    small_job,
    small_kernel_job,
)

FAULTS = {
    "operation 0": ({"operation": 0}, 1),
    "operation": ({"operation": 5}, 1),
    "fence": ({"fence": 3}, 1),
    "reserved control bit 25": ({"reserved": ((1, 1 << 25),)}, 1),
    "reserved control bit 31": ({"reserved": ((1, 1 << 31),)}, 1),
    "ties to even": ({"ties_even": True}, 1),
    "INT4 weights on the diagonal": ({"int4_weights": True, "operation": Operation.DEPTHWISE}, 1),
    "stride of INT8 columns": ({"column_stride": 1}, 1),
    "pairs": ({"pair_rows": 1}, 1),
    "reserved bit 9 of table_format": ({"reserved": ((31, 1 << 9),)}, 1),
    "reserved bit 15 of table_format": ({"reserved": ((31, 1 << 15),)}, 1),
    "value as a factor without a function": ({"factor": 1}, 1),
    "operand that is added and a factor": ({"factor": 2}, 1),
    "factor": ({"factor": 3}, 1),
    "table misaligned": ({"load_table": True, "coefficients": BASE + 8}, 2),
    "table above": ({"load_table": True, "coefficients": BASE + MEMORY_BYTES - 4080}, 2),
    "factor below": ({"factor": 2, "add_residual": False, "residual": BASE - 4}, 2),
    "scales above": ({"scales_only": True, "parameters": BASE + MEMORY_BYTES - 44}, 2),
    "span of two runs in x": ({"span": True, "runs_x": 2}, 1),
    "span of channels": ({"span": True, "operation": Operation.SUM}, 1),
    "span in other banks": ({"span": True, "run_pitch_y": 18}, 1),
    "span of many short runs": ({"span": True, "run_words": 1, "runs_y": 9}, 1),
    "window too high": ({"store_rows": 2}, 1),
    "window too wide": ({"store_columns": 3}, 1),
    "no columns to load": ({"load_columns": 0}, 3),
    "no rows to fill": ({"load": False, "load_rows": 0}, 3),
    "no words to load": ({"load_words": 0}, 3),
    "no positions in x": ({"position_columns": 0, "store_memory": False, "store_buffer": False}, 3),
    "no positions in y": ({"position_rows": 0, "store_memory": False, "store_buffer": False}, 3),
    "empty run": ({"run_words": 0}, 3),
    "no runs in x": ({"runs_x": 0}, 3),
    "no runs in y": ({"runs_y": 0}, 3),
    "no tiles": ({"tiles": 0}, 3),
    "no channels": ({"channels": 0}, 3),
    "nothing to store": ({"store_columns": 0}, 3),
    "no window": ({"window_rows": 0}, 3),
    "load beyond the buffer": ({"fill": False, "load_base": 900}, 4),
    "fill beyond the buffer": ({"load_tail": 900}, 4),
    "input beyond the buffer": ({"input_base": 907}, 4),
    "step beyond the buffer": ({"step_y": 0xFFFF}, 4),
    "store beyond the buffer": ({"store_pitch_x": 514}, 4),
    "accumulators": ({"accumulator": 41}, 5),
    "source below": ({"source": BASE - 16}, 2),
    "source above": ({"source": BASE + MEMORY_BYTES - 100}, 2),
    "source misaligned": ({"source": SOURCE + 2}, 2),
    "source row pitch": ({"source_pitch_y": 0x7FFFFFFC}, 2),
    "source row pitch that wraps": ({"source_pitch_y": 0xFFFFFFFC}, 2),
    "source column pitch that wraps": ({"source_pitch_x": 0xFFFFFFFC}, 2),
    "pitch of one column": ({"load_columns": 1, "source_pitch_x": 0x80000000}, 2),
    "pitch of one row": ({"load_rows": 1, "source_pitch_y": 0x80000000}, 2),
    "pitch_x that wraps": ({"destination_pitch_x": 0x80000000}, 2),
    "pitch_y that wraps": ({"destination_pitch_y": 0xFFFFFFFC}, 2),
    "rows wider than their pitch": ({"load_pitch_y": 17}, 1),
    "filled rows wider than their pitch": ({"load": False, "load_pitch_y": 17}, 1),
    "source row pitch misaligned": ({"source_pitch_y": 46}, 2),
    "source column pitch misaligned": ({"source_pitch_x": 13}, 2),
    "weights above": ({"weights": BASE + MEMORY_BYTES - 16}, 2),
    "weights misaligned": ({"weights": WEIGHTS + 4}, 2),
    "weights null": ({"weights": 0}, 2),
    "parameters above": ({"parameters": BASE + MEMORY_BYTES - 4}, 2),
    "destination": ({"destination": 0xFFFFFFF0}, 2),
    "pitch": ({"destination_pitch_x": 0xFFFFFFF0}, 2),
    "pitch misaligned": ({"destination_pitch_y": 90}, 2),
    "residual": ({"residual": BASE - 4}, 2),
    "residual misaligned": ({"residual": RESIDUAL + 1}, 2),
    "profile": ({"profile": BASE + MEMORY_BYTES - 16}, 2),
    "profile misaligned": ({"profile": BASE + 8}, 2),
}


INTEGER_FAULTS = {
    "scales alone": ({"scales_only": True}, 1),
    "factor": ({"factor": 2, "add_residual": False}, 1),
    "stride without a kernel": ({"column_stride": 1}, 1),
    "pairs in the same banks": ({"step_y": 24}, 1),
    "pairs between groups of banks": ({"step_y": 25}, 1),
    "pairs of no window": ({"window_rows": 0, "store_memory": False, "store_buffer": False}, 1),
    "second position beyond the buffer": ({"pair_rows": 37}, 4),
    "second results beyond the buffer": ({"store_pitch_y": 173}, 4),
    "second results so far apart that they wrap": (
        {"pair_rows": 2, "destination_pitch_y": 0x40000000, "accumulator": 41},
        2,
    ),
    "second results above": ({"destination": BASE + MEMORY_BYTES - 92}, 2),
    "second operands above": ({"residual": BASE + MEMORY_BYTES - 92}, 2),
    "parameters above": ({"parameters": BASE + MEMORY_BYTES - 156}, 2),
    "weights above": ({"weights": BASE + MEMORY_BYTES - 1424}, 2),
    "INT4 weights above": ({"int4_weights": True, "weights": BASE + MEMORY_BYTES - 704}, 2),
    "table above": ({"load_table": True, "coefficients": BASE + MEMORY_BYTES - 240}, 2),
}
KERNEL_FAULTS = {
    "pairs": ({"pair_rows": 1}, 1),
    "no stride": ({"column_stride": 0}, 3),
    "rows in other banks": ({"run_pitch_y": 25}, 1),
    "rows in the same banks": ({"run_pitch_y": 24}, 1),
    "too many columns": ({"runs_x": 256}, 1),
    "too many rows": ({"runs_y": 256}, 1),
    "steps that do not agree": ({"column_stride": 2}, 1),
    "weights above": ({"weights": BASE + MEMORY_BYTES - 176}, 2),
}


def check_fault(good: Descriptor, bad: Descriptor, code: int, geometry: Geometry) -> None:
    """Runs both jobs on the software engine and the reference: both report the second one."""
    got = run_chain(good, bad, geometry=geometry)
    assert (got.error, got.index, got.address) == (code, 1, CHAIN + DESCRIPTOR_BYTES)
    memory = bytearray(MEMORY_BYTES)
    image = link([good, bad], CHAIN)
    memory[: len(image)] = image
    assert execute_chain(memory, BASE, CHAIN, hardware_of(geometry)).error == code


@pytest.mark.parametrize(("change", "code"), FAULTS.values(), ids=FAULTS)
def test_faults_are_reported_with_place(change: dict[str, Any], code: int) -> None:
    """The same as the reference reports."""
    check_fault(small_job(), small_job(**change), code, GEOMETRY)


@pytest.mark.parametrize(("change", "code"), INTEGER_FAULTS.values(), ids=INTEGER_FAULTS)
def test_faults_of_integer_jobs(change: dict[str, Any], code: int) -> None:
    check_fault(small_integer_job(), small_integer_job(**change), code, GEOMETRY)


@pytest.mark.parametrize(("change", "code"), KERNEL_FAULTS.values(), ids=KERNEL_FAULTS)
def test_faults_of_integer_kernels(change: dict[str, Any], code: int) -> None:
    check_fault(small_kernel_job(), small_kernel_job(**change), code, GEOMETRY)


def test_spans_of_many_short_runs_of_integers() -> None:
    """A slice of 32 lanes has eight words: it cannot cross eight runs of one."""
    geometry = replace(GEOMETRY, array_size=32)
    changes = {"span": True, "run_words": 1, "run_pitch_y": 33, "pair_rows": 0}
    assert run_chain(small_integer_job(**changes, runs_y=8), geometry=geometry).error == 0
    assert run_chain(small_integer_job(**changes, runs_y=9), geometry=geometry).error == 1
    pairs = {"run_words": 2, "run_pitch_y": 34}
    assert run_chain(small_integer_job(**changes | pairs, runs_y=9), geometry=geometry).error == 0


@pytest.mark.parametrize("bad", [small_integer_job(), small_job(int4_weights=True)])
def test_engines_without_integers(bad: Descriptor) -> None:
    check_fault(small_job(), bad, 1, replace(GEOMETRY, int8=False))


@pytest.mark.parametrize("address", [0, BASE - 64, BASE + 8, BASE + MEMORY_BYTES - 64, 0xFFFFFFF0])
def test_bad_descriptor_addresses(address: int) -> None:
    runtime = runtime_host.connect()
    got = runtime.run_chain(bytes(MEMORY_BYTES), BASE, address, GEOMETRY)
    assert (got.error, got.index, got.address) == (6, 0, address)
    if address == 0:
        return
    memory = bytearray(MEMORY_BYTES)
    memory[:DESCRIPTOR_BYTES] = small_job(next=address).pack()
    got = runtime.run_chain(bytes(memory), BASE, CHAIN, GEOMETRY)
    assert (got.error, got.index, got.address) == (6, 1, address)


def test_a_chain_that_never_ends_is_stopped() -> None:
    job = small_job(load=False, fill=False, store_memory=False, store_buffer=False, next=CHAIN)
    job = replace(job, run_words=1, runs_y=1, position_columns=1, position_rows=1, tiles=1)
    got = runtime_host.connect().run_chain(job.pack() + bytes(MEMORY_BYTES), BASE, CHAIN, GEOMETRY)
    assert (got.error, got.index) == (8, 0xFFFF)


def test_every_error_has_its_reason() -> None:
    *reasons, report = runtime_host.connect().reasons()
    assert reasons[0] == "none"
    assert reasons[11] == "unknown error"
    assert len(set(reasons)) == 12
    assert report == "engine: a dimension is zero (error 3) in descriptor 7 at 0x80000010"
