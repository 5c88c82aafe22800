"""Descriptors that are valid but for a field or two: hardware and models have to agree on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from modelgen.arithmetic.function_table import BYTES as TABLE_BYTES
from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import LAYOUT, SIGNED, Error, Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor, link
from modelgen.targets.systolic.reference import execute_chain, slices
from modelgen.targets.systolic.reference.checks import descriptor_faults, size_faults
from modelgen.targets.systolic.reference.scratchpad import BYTE_TABLE_BYTES
from modelgen.targets.systolic.tiles import (
    LINE_BYTES,
    SUM_LINES,
    diagonal_bytes,
    parameter_words,
    tile_columns,
    weight_bytes,
)
from tests.support.overlap import check_fences
from tests.support.random_chains import BASE, ChainMaker, Limits, RandomChain

_KEPT = ("next", "profile", "fence")
_FIELDS = [
    name for name in LAYOUT if name not in _KEPT and isinstance(getattr(Descriptor(), name), int)
]
_MOST_WORK = 20_000
"""Slices, loaded and stored words: what takes longer to simulate is left out."""


def nearly_valid(
    seed: int, hardware: Hardware, count: int, integers: float = 0.0
) -> Iterator[RandomChain]:
    """Yields chains: a job that sets buffer and accumulators, a spoilt one, the same one unspoilt.

    What has no defined result is left out, and what takes long. A share of the jobs, `integers`, is
    INT8.
    """
    random = np.random.default_rng(seed)
    limits = Limits(positions=4, run=2 * hardware.array_size, runs=2, tiles=2)
    while count > 0:
        chain_seed, fences = int(random.integers(1 << 30)), (Fence.ALL,)
        maker = ChainMaker(chain_seed, hardware, "normal", limits, fences, integers)
        chain = maker.make(2)
        first, good, _ = chain.jobs
        jobs = [first, _spoilt(good, random), good]
        if _work(jobs[1], hardware) > _MOST_WORK or not _is_defined(jobs, hardware):
            continue
        image = link(jobs, chain.first)
        offset = chain.first - BASE
        memory = chain.memory[:offset] + image + chain.memory[offset + len(image) :]
        if _means_nothing(memory, chain.first, hardware):
            continue
        count -= 1
        yield RandomChain(memory, chain.first, jobs)


def _means_nothing(memory: bytes, first: int, hardware: Hardware) -> bool:
    """Tells whether a job reads columns or sums that mean nothing, or has weights of no tap."""
    try:
        execute_chain(bytearray(memory), BASE, first, hardware)
    except AssertionError:
        return True
    return False


def reportable(job: Descriptor, hardware: Hardware, memory: range) -> set[Error]:
    """Return the codes with which the engine may refuse a job; none if it has to run it.

    Its stages overlap: if several faults apply while it runs, it reports the one it meets first.
    """
    if found := descriptor_faults(job, hardware):
        return {found[0]}
    faults = set(size_faults(job, hardware))
    reaches = _reaches(job, hardware.array_size)
    if not all(memory.start <= start and end <= memory.stop for start, end in reaches):
        faults.add(Error.BAD_ADDRESS)
    return faults


def _reaches(job: Descriptor, size: int) -> Iterator[tuple[int, int]]:
    """Yield first byte of each region of memory that a job touches, and the one after its last."""
    columns = tile_columns(job.channels, job.tiles, size)
    bits = 4 if job.int4_weights else 8
    tiles = sum(weight_bytes(tile, size, bits) for tile in columns)
    lines = {Operation.MATMUL: tiles, Operation.DEPTHWISE: tiles}
    if not job.int8:
        lines[Operation.DEPTHWISE] = job.tiles * diagonal_bytes(size)
    if job.operation in lines:
        yield job.weights, job.weights + slices.count(job, size) * lines[job.operation]
    if job.load:
        last = (job.load_rows - 1) * job.source_pitch_y
        last += (job.load_columns - 1) * job.source_pitch_x
        yield job.source, job.source + last + 4 * job.load_words
    if job.stores:
        parts = 3 if job.int8 else 1 if job.scales_only else 2
        front = SUM_LINES * LINE_BYTES if job.int8 and job.add_residual else 0
        words = sum(map(parameter_words, columns))
        yield job.parameters, job.parameters + front + 4 * parts * words
        if job.load_table:
            table = BYTE_TABLE_BYTES if job.int8 else TABLE_BYTES
            yield job.coefficients, job.coefficients + table
        last = (job.store_rows - 1 + job.pair_rows) * job.destination_pitch_y
        last += (job.store_columns - 1) * job.destination_pitch_x
        end = last + 4 * slices.stored_words(job, size)
        if job.store_memory:
            yield job.destination, job.destination + end
        if job.reads_operand:
            yield job.residual, job.residual + end
    if job.profile:
        yield job.profile, job.profile + 32


def _spoilt(job: Descriptor, random: np.random.Generator) -> Descriptor:
    for name in random.choice(_FIELDS, int(random.integers(1, 3)), replace=False):
        most = (1 << LAYOUT[name][2]) - 1
        value = int(getattr(job, name))
        choices = [
            0,
            1,
            2,
            4,
            most,
            most - 3,
            most // 2,
            most // 2 + 1,
            int(random.integers(most + 1)),
        ]
        choices += [
            value + 1,
            value - 1,
            value + 4,
            value - 4,
            2 * value,
            value // 2,
            value // 8 * 4,
        ]
        chosen = choices[int(random.integers(len(choices)))] & most
        if name in SIGNED and chosen > most // 2:
            chosen -= most + 1
        job = replace(job, **{str(name): chosen})
    flags = {name for name in _FIELDS if LAYOUT[name][2] == 1}
    return replace(job, **{name: bool(getattr(job, name)) for name in flags})


def _work(job: Descriptor, hardware: Hardware) -> int:
    """Returns about the cycles of a job before it is refused, if it is."""
    if job.operation not in set(Operation):
        return 0
    entries = min(job.tiles * job.positions, 2 * hardware.accumulator_depth)
    loaded = job.load_rows * job.load_columns * job.load_words
    filled = job.load_head + job.load_rows * (job.load_pitch_y + 1) + job.load_tail
    stored = (
        job.store_rows * job.store_columns * (job.channels + job.window_rows * job.window_columns)
    )
    if job.int8:
        # Depthwise kernels read columns between positions, and results are windows of each group.
        entries *= max(job.column_stride, 1)
        stored *= 4
    size = hardware.array_size
    tile = max(entries, size * size)
    return max(slices.count(job, size) * tile, loaded, min(filled, 1 << 17) // 8, stored)


def _is_defined(jobs: list[Descriptor], hardware: Hardware) -> bool:
    """Tells whether the rules on overlap say what comes out."""
    job = jobs[1]
    if descriptor_faults(job, hardware) or size_faults(job, hardware):
        # It stores nothing; it may name billions of words, and overlap any.
        return True
    if job.reads_operand:
        return False
    end = BASE + 4 * ChainMaker.VALUES
    last = job.destination_pitch_y * max(job.store_rows - 1 + job.pair_rows, 0)
    last += job.destination_pitch_x * max(job.store_columns - 1, 0)
    if job.store_memory and job.destination < end < job.destination + last + 4 * job.channels:
        return False
    if job.store_memory and end <= job.destination < end + (1 << 20):
        return False
    try:
        check_fences(jobs, hardware.array_size)
    except (AssertionError, ValueError):
        return False
    return True
