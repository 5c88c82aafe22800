"""Fences: which jobs have to wait for earlier ones, and for how many of them.

The engine works on several jobs at a time. Without a fence, it guarantees that

- job i starts to load (and fill) once job i - 2 has been computed;
- job i starts to compute once it is loaded, job i - 1 has been computed, and at most one earlier
  reporting job is still storing (a job reports if it stores, has a profile, or is the last);
- jobs store in order, each tile by tile while the job itself is still being computed.

With `ALL_BUT_LAST`, loading also waits until at most one earlier reporting job is still storing;
with `ALL`, loading and computing wait for every earlier job. Each job gets the lowest level that
prevents words from being read before they are written, or overwritten before they are read. Scales
from a tensor need none: they are read when every earlier job has stored, as is a table. Tensors
that share an allocation in memory do not need a fence for that: see `in_place.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.jobs import EngineLayer, Job, Load, Place, Store

WORD_BYTES = 4


@dataclass(frozen=True)
class Words:
    """Ranges of words of equal length, such as the rows of a block."""

    starts: np.ndarray
    """Sorted."""
    length: int

    def meets(self, others: Iterable[Words]) -> bool:
        """Return whether any word is also in one of the others."""
        return any(self._meets(other) for other in others)

    def _meets(self, other: Words) -> bool:
        mine, theirs = self.starts, other.starts
        if not len(mine) or not len(theirs) or not self.length or not other.length:
            return False
        if mine[-1] + self.length <= theirs[0] or theirs[-1] + other.length <= mine[0]:
            return False
        # Of the others' ranges, those that end behind each of mine begin to those that begin in it.
        first = np.searchsorted(theirs, mine - other.length, side="right")
        last = np.searchsorted(theirs, mine + self.length, side="left")
        return bool((first < last).any())


def _words(start: int, length: int, *axes: tuple[int, int]) -> Words:
    """Return ranges at start + i * pitch + ... for i < count of each (count, pitch), sorted.

    Adjacent ranges along the last axes are merged.
    """
    starts = np.array([start])
    joined = True
    for count, pitch in reversed(axes):
        joined = joined and (count == 1 or pitch == length)
        if joined:
            length *= count
        else:
            starts = (starts[:, None] + np.arange(count) * pitch).reshape(-1)
    return Words(np.unique(starts), length)


@dataclass(frozen=True)
class Footprint:
    """The words that each stage of a job accesses."""

    loads_from: tuple[str, Words] | None
    """Tensor in memory, and words relative to its first."""
    loads_to: tuple[Words, ...]
    reads: Words
    entries: range
    """Accumulator entries."""
    stores_to_memory: tuple[str, Words] | None
    stores_to_buffer: tuple[Words, ...]
    adds: tuple[str, Words] | None
    """The residual operand."""
    reports: bool


def footprint(job: Job, array_size: int, *, reports: bool) -> Footprint:
    """Return the words that a job accesses."""
    load, store = job.load, job.store
    return Footprint(
        loads_from=_source_words(load, load.source) if load and load.source else None,
        loads_to=tuple(_loaded(load)) if load else (),
        reads=_read(job, array_size),
        entries=range(job.accumulator, job.accumulator + job.entries),
        stores_to_memory=_stored(job, store, store.memory) if store and store.memory else None,
        stores_to_buffer=tuple(_stored_in_buffer(job, store)) if store else (),
        adds=_stored(job, store, store.residual) if store and store.residual else None,
        reports=reports,
    )


def _source_words(load: Load, source: Place) -> tuple[str, Words]:
    axes = (
        (load.rows, load.row_pitch // WORD_BYTES),
        (load.columns, load.column_pitch // WORD_BYTES),
    )
    return source.tensor, _words(source.offset // WORD_BYTES, load.words, *axes)


def _loaded(load: Load) -> Iterable[Words]:
    words = load.columns * load.words
    rows = load.rows, load.pitch
    if load.source is not None:
        yield _words(load.first_row, words, rows)
    if load.fill is not None:
        yield _words(load.base, load.head)
        yield _words(load.first_row + words, load.pitch - words, rows)
        yield _words(load.first_row + load.rows * load.pitch, load.tail)


def _read(job: Job, array_size: int) -> Words:
    c = job.compute
    channels = job.tiles * array_size // job.lanes
    run = c.run if job.operation is Operation.MATMUL else min(c.run, channels)
    length = (c.columns - 1) * c.step_x + (c.runs_x - 1) * c.pitch_x + run
    return _words(c.base, length, (c.rows, c.step_y), (c.runs_y, c.pitch_y))


def _stored(job: Job, store: Store, place: Place) -> tuple[str, Words]:
    axes = (store.rows, store.pitch_y // WORD_BYTES), (store.columns, store.pitch_x // WORD_BYTES)
    return place.tensor, _words(place.offset // WORD_BYTES, job.stored_words, *axes)


def _stored_in_buffer(job: Job, store: Store) -> Iterable[Words]:
    if store.buffer is not None:
        axes = (store.rows, store.step_y), (store.columns, store.step_x)
        yield _words(store.buffer, job.stored_words, *axes)


def fence(layers: Sequence[EngineLayer], array_size: int) -> tuple[EngineLayer, ...]:
    """Return the layers of one chain with the fences of their jobs set."""
    last = layers[-1].jobs[-1]
    state = _State()
    fenced = []
    for layer in layers:
        jobs = []
        for job in layer.jobs:
            # The last job of a layer has a profile.
            reports = job.store is not None or job is layer.jobs[-1] or job is last
            level = state.add(footprint(job, array_size, reports=reports))
            jobs.append(replace(job, fence=level))
        fenced.append(replace(layer, jobs=tuple(jobs)))
    return tuple(fenced)


class _State:
    """How far loading, computing and storing have at least progressed when a job begins."""

    def __init__(self) -> None:
        self._jobs: list[Footprint] = []
        self._reporting: list[Footprint] = []
        self._stored_at_load = 0
        """Reporting jobs that have certainly stored by the time the last job starts to load."""
        self._stored_at_compute = [0, 0]
        """The same for the last two jobs, by the time each starts to compute."""

    def add(self, job: Footprint) -> Fence:
        """Return the fence that a job needs, and append it to the chain."""
        if job.reads.meets(job.stores_to_buffer):
            raise AssertionError("a job overwrites the words that it reads")
        level = next(level for level in Fence if not self._breaks(job, level))
        at_load, at_compute = self._stored(level)
        self._stored_at_load = at_load
        self._stored_at_compute = [self._stored_at_compute[1], at_compute]
        self._jobs.append(job)
        if job.reports:
            self._reporting.append(job)
        return level

    def _stored(self, level: Fence) -> tuple[int, int]:
        """Return how many reporting jobs have stored when a job starts to load, and to compute."""
        before = len(self._reporting)
        known = {Fence.NONE: 0, Fence.ALL_BUT_LAST: before - 1, Fence.ALL: before}[level]
        at_load = max(self._stored_at_load, self._stored_at_compute[0], known)
        return at_load, max(at_load, self._stored_at_compute[1], before - 1)

    def _breaks(self, job: Footprint, level: Fence) -> bool:
        """Return whether a job with this fence could conflict with an earlier one."""
        at_load, at_compute = self._stored(level)
        computing = self._jobs[-1:] if level is not Fence.ALL else []
        storing = self._reporting[at_load:]
        if any(_load_meets_reads(job, other) for other in computing):
            return True
        if any(_load_meets_stores(job, other) for other in storing):
            return True
        return any(_compute_meets_stores(job, other) for other in self._reporting[at_compute:])


def _load_meets_reads(job: Footprint, other: Footprint) -> bool:
    return other.reads.meets(job.loads_to)


def _load_meets_stores(job: Footprint, other: Footprint) -> bool:
    in_memory = _same_tensor(job.loads_from, other.stores_to_memory)
    return in_memory or any(words.meets(other.stores_to_buffer) for words in job.loads_to)


def _compute_meets_stores(job: Footprint, other: Footprint) -> bool:
    entries = max(job.entries.start, other.entries.start) < min(
        job.entries.stop, other.entries.stop
    )
    stores = other.stores_to_buffer or other.stores_to_memory is not None
    return (
        (entries and bool(stores))
        or job.reads.meets(other.stores_to_buffer)
        or _same_tensor(job.adds, other.stores_to_memory)
    )


def _same_tensor(one: tuple[str, Words] | None, other: tuple[str, Words] | None) -> bool:
    return one is not None and other is not None and one[0] == other[0] and one[1].meets([other[1]])
