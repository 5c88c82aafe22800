"""A valid job for the software engine, and chains of such jobs."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Operation
from modelgen.targets.systolic.descriptor import Descriptor, link
from tests.support import runtime_host
from tests.support.random_chains import BASE
from tests.support.runtime_host import ChainResult, Geometry

GEOMETRY = Geometry(array_size=8, buffer_words=1024, accumulator_depth=64)
MEMORY_BYTES = 1 << 14
SOURCE_WORDS = 256
CHAIN, SOURCE, WEIGHTS, PARAMETERS, DESTINATION, RESIDUAL = range(BASE, BASE + 0x3000, 0x800)


def hardware_of(geometry: Geometry) -> Hardware:
    """The same sizes for the compiler and the reference."""
    return Hardware(**asdict(geometry))


def small_job(**changes: Any) -> Descriptor:
    """A valid descriptor: 3 x 4 positions that read 3 runs of 9 words, pooled, with an operand."""
    job = Descriptor(
        load=True,
        fill=True,
        first=True,
        store_memory=True,
        store_buffer=True,
        add_residual=True,
        source=SOURCE,
        source_pitch_y=72,
        source_pitch_x=12,
        load_rows=5,
        load_columns=6,
        load_words=3,
        load_pitch_y=25,
        load_head=20,
        load_tail=20,
        step_x=3,
        step_y=25,
        position_columns=4,
        position_rows=3,
        run_words=9,
        runs_x=1,
        runs_y=3,
        run_pitch_y=25,
        tiles=2,
        channels=11,
        weights=WEIGHTS,
        parameters=PARAMETERS,
        destination=DESTINATION,
        residual=RESIDUAL,
        destination_pitch_x=44,
        destination_pitch_y=88,
        store_columns=2,
        store_rows=1,
        store_base=500,
        store_pitch_x=11,
        store_pitch_y=22,
        window_columns=2,
        window_rows=3,
    )
    return replace(job, **changes)


def small_integer_job(**changes: Any) -> Descriptor:
    """A valid INT8 job: 3 x 4 pairs of positions, a row apart, that read 3 runs of 9 words.

    Pairs of columns are pooled, and an operand is added; of 11 channels results are 3 words.
    """
    rows = {"load_rows": 6, "load_pitch_y": 26, "step_y": 26, "run_pitch_y": 26}
    places = {"destination_pitch_x": 12, "destination_pitch_y": 24}
    places |= {"store_pitch_x": 3, "store_pitch_y": 6}
    stored = {"store_rows": 3, "window_rows": 1, "integer_low": -100, "integer_high": 100}
    return small_job(**{"int8": True, "pair_rows": 1, **rows, **places, **stored, **changes})


def small_kernel_job(**changes: Any) -> Descriptor:
    """The same for a depthwise kernel of 3 x 3 taps, without pairs."""
    kernel = {"operation": Operation.DEPTHWISE, "pair_rows": 0, "column_stride": 1, "run_words": 3}
    return small_integer_job(**{**kernel, "runs_x": 3, "run_pitch_x": 3, **changes})


def run_chain(*jobs: Descriptor, geometry: Geometry = GEOMETRY) -> ChainResult:
    memory = bytearray(MEMORY_BYTES)
    image = link(list(jobs), CHAIN)
    memory[: len(image)] = image
    return runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, geometry)
