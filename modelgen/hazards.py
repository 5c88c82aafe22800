"""Fences: which jobs have to wait until everything before them is in memory.

The engine overlaps jobs: while job i computes, job i + 1 loads and job i - 1 may still be storing.
It keeps a job's buffers apart from those of the job before the previous one; everything nearer is
the compiler's task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelgen.program import EngineLayer, Job


def fence(layers: Sequence[EngineLayer]) -> tuple[EngineLayer, ...]:
    """Return the layers of one chain with the fence flags of their jobs set.

    A job gets a fence where it loads a tensor that an unfenced earlier job stores, where it loads
    over activations that the previous job may still read, or where it computes over accumulators
    that the previous job may still store.
    """
    stored: set[str] = set()
    previous: Job | None = None
    fenced_layers = []
    for layer in layers:
        jobs = []
        for job in layer.jobs:
            reads_stored = job.load and layer.node.inputs[0] in stored
            needed = reads_stored or (previous is not None and _collide(previous, job))
            if needed:
                stored.clear()
            if job.store:
                stored.add(layer.node.output)
            previous = replace(job, fence=needed)
            jobs.append(previous)
        fenced_layers.append(replace(layer, jobs=tuple(jobs)))
    return tuple(fenced_layers)


def _collide(previous: Job, job: Job) -> bool:
    """Tell whether a job overwrites what the previous one may still use."""
    over_activations = job.load and _buffers_overlap(previous, job)
    over_sums = previous.store and job.first and _accumulators_overlap(previous, job)
    return over_activations or over_sums


def _buffers_overlap(one: Job, other: Job) -> bool:
    if one.buffer_pitch == other.buffer_pitch and one.buffer_pitch > 0:
        return _columns_overlap(one, other)
    return one.buffer_base < _buffer_end(other) and other.buffer_base < _buffer_end(one)


def _columns_overlap(one: Job, other: Job) -> bool:
    """Compare blocks of equal pitch: they may lie beside each other in the same rows."""
    pitch = one.buffer_pitch
    distance = other.buffer_base - one.buffer_base
    rows, shift = divmod(distance, pitch)
    for row, column in ((rows, shift), (rows + 1, shift - pitch)):
        rows_meet = -other.rows < row < one.rows
        if rows_meet and -other.words < column < one.words:
            return True
    return False


def _buffer_end(job: Job) -> int:
    return job.buffer_base + (job.rows - 1) * job.buffer_pitch + job.words


def _accumulators_overlap(one: Job, other: Job) -> bool:
    def end(job: Job) -> int:
        return job.accumulator_base + job.tiles * job.rows

    return one.accumulator_base < end(other) and other.accumulator_base < end(one)
