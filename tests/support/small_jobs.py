"""A valid job for the software engine, and chains of such jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from modelgen.targets.systolic.descriptor import Descriptor, link
from tests.support import runtime_host
from tests.support.random_chains import BASE
from tests.support.runtime_host import ChainResult, Geometry

GEOMETRY = Geometry(array_size=8, buffer_words=1024, accumulator_depth=64)
MEMORY_BYTES = 1 << 14
SOURCE_WORDS = 256
CHAIN, SOURCE, WEIGHTS, PARAMETERS, DESTINATION, RESIDUAL = range(BASE, BASE + 0x3000, 0x800)


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


def run_chain(*jobs: Descriptor, geometry: Geometry = GEOMETRY) -> ChainResult:
    memory = bytearray(MEMORY_BYTES)
    image = link(list(jobs), CHAIN)
    memory[: len(image)] = image
    return runtime_host.connect().run_chain(bytes(memory), BASE, CHAIN, geometry)
