"""Fences: which jobs have to wait until everything before them is in memory.

The engine overlaps jobs: while job i computes, job i + 1 loads, and one earlier job may still be
storing. What lies further back it keeps apart by itself; the rest is the compiler's task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelgen.program import EngineLayer, Job


def fence(layers: Sequence[EngineLayer]) -> tuple[EngineLayer, ...]:
    """Return the layers of one chain with the fence flags of their jobs set.

    A job gets a fence where it loads a tensor that an unfenced earlier job stores, where it loads
    over activations that the previous job may still read, or where it starts sums in accumulators
    that the last storing job may still read.
    """
    state = _State()
    return tuple(
        replace(layer, jobs=tuple(state.add(layer, job) for job in layer.jobs)) for layer in layers
    )


class _State:
    """What may still be in use."""

    def __init__(self) -> None:
        self._stored: set[str] = set()
        """Tensors that are stored since the last fence."""
        self._previous: Job | None = None
        self._storing: Job | None = None
        """The last job that stores."""

    def add(self, layer: EngineLayer, job: Job) -> Job:
        """Return the job with its fence flag."""
        fenced = replace(job, fence=self._needs_fence(layer, job))
        if fenced.fence:
            self._stored.clear()
        if fenced.store:
            self._stored.add(layer.node.output)
            self._storing = fenced
        self._previous = fenced
        return fenced

    def _needs_fence(self, layer: EngineLayer, job: Job) -> bool:
        reads_stored = job.load and layer.node.inputs[0] in self._stored
        over_activations = (
            job.load and self._previous is not None and _buffers_overlap(self._previous, job)
        )
        over_sums = (
            job.first and self._storing is not None and _accumulators_overlap(self._storing, job)
        )
        return reads_stored or over_activations or over_sums


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
