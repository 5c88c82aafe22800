"""What the engine's stages may do at the same time, and whether a chain's fences allow for it.

Independent of the planner: works on descriptors, word by word, with a graph of what surely happens
before what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from modelgen.arithmetic.function_table import BYTES as TABLE_BYTES
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.reference.scratchpad import BYTE_TABLE_BYTES

_EVENTS = ("load begins", "load ends", "compute begins", "compute ends", "store begins", "stored")
LOAD, LOADED, COMPUTE, COMPUTED, STORE, STORED = range(len(_EVENTS))


@dataclass
class Activity:
    """One stage of one job, and the words that it touches: ("buffer" | "memory" | "sums")."""

    job: int
    begin: int
    end: int
    reads: dict[str, np.ndarray] = field(default_factory=dict)
    writes: dict[str, np.ndarray] = field(default_factory=dict)
    in_place: bool = False
    """Each word is stored over its own operand: its own job is no danger."""


def check_fences(jobs: list[Descriptor], array_size: int) -> None:
    """Assert that no two stages that may overlap touch the same word, one of them writing."""
    before = _order(jobs)
    activities = [a for i, job in enumerate(jobs) for a in _activities(i, job, array_size)]
    for number, later in enumerate(activities):
        for earlier in activities[:number]:
            if earlier.job == later.job and LOAD in (earlier.begin, later.begin):
                continue
            ordered = before[_node(earlier.job, earlier.end), _node(later.job, later.begin)]
            if not ordered:
                _assert_apart(earlier, later)


def _node(job: int, event: int) -> int:
    return job * len(_EVENTS) + event


def _order(jobs: list[Descriptor]) -> np.ndarray:
    """Return for each pair of events whether the first surely happens before the second."""
    size = len(jobs) * len(_EVENTS)
    before = np.eye(size, dtype=bool)
    reporting: list[int] = []

    def edge(one: tuple[int, int], other: tuple[int, int]) -> None:
        before[:, _node(*other)] |= before[:, _node(*one)]

    for i, job in enumerate(jobs):
        if i > 0:
            edge((i - 1, LOADED), (i, LOAD))
        if i > 1:
            edge((i - 2, COMPUTED), (i, LOAD))
        if job.fence == Fence.ALL_BUT_LAST and len(reporting) > 1:
            edge((reporting[-2], STORED), (i, LOAD))
        if job.fence == Fence.ALL and i > 0:
            edge((i - 1, COMPUTED), (i, LOAD))
            if reporting:
                edge((reporting[-1], STORED), (i, LOAD))
        edge((i, LOAD), (i, LOADED))
        edge((i, LOADED), (i, COMPUTE))
        if i > 0:
            edge((i - 1, COMPUTED), (i, COMPUTE))
        if len(reporting) > 1:
            edge((reporting[-2], STORED), (i, COMPUTE))
        edge((i, COMPUTE), (i, COMPUTED))
        edge((i, COMPUTE), (i, STORE))
        if reporting:
            edge((reporting[-1], STORED), (i, STORE))
        edge((i, STORE), (i, STORED))
        edge((i, COMPUTED), (i, STORED))
        if job.stores or job.profile or i == len(jobs) - 1:
            reporting.append(i)
    return before


def _activities(index: int, job: Descriptor, array_size: int) -> Iterator[Activity]:
    if job.load or job.fill:
        load = Activity(index, LOAD, LOADED)
        data = _grid(
            job.load_base + job.load_head,
            (job.load_rows, job.load_pitch_y),
            (job.load_columns * job.load_words, 1),
        )
        parts = []
        if job.load:
            load.reads["memory"] = _grid(
                job.source // 4,
                (job.load_rows, job.source_pitch_y // 4),
                (job.load_columns, job.source_pitch_x // 4),
                (job.load_words, 1),
            )
            parts.append(data)
        if job.fill:
            end = job.load_base + job.load_head + job.load_rows * job.load_pitch_y + job.load_tail
            parts.append(np.setdiff1d(np.arange(job.load_base, end), data))
        load.writes["buffer"] = np.concatenate(parts)
        yield load
    compute = Activity(index, COMPUTE, COMPUTED)
    run = job.run_words
    if job.operation != Operation.MATMUL:
        run = min(run, job.tiles * array_size // (4 if job.int8 else 1))
    distance = job.pair_rows * job.window_rows * job.step_y
    compute.reads["buffer"] = _grid(
        job.input_base,
        (_halves(job), distance),
        (job.position_rows, job.step_y),
        (job.position_columns, job.step_x),
        (job.runs_y, job.run_pitch_y),
        (job.runs_x, job.run_pitch_x),
        (run, 1),
    )
    sums = np.arange(job.accumulator, job.accumulator + job.tiles * job.positions)
    compute.writes["sums"] = sums
    yield compute
    if job.stores:
        if job.reads_operand:
            # Operands may be fetched ahead, from when the job begins to be computed.
            operand = _results(job, job.residual // 4, *_memory_pitches(job))
            yield Activity(index, COMPUTE, STORED, reads={"memory": operand})
        yield Activity(index, STORE, STORED, reads={"memory": _constants(job)})
        yield _storing(index, job, sums)


def _halves(job: Descriptor) -> int:
    return 2 if job.pair_rows else 1


def _memory_pitches(job: Descriptor) -> tuple[int, int]:
    return job.destination_pitch_y // 4, job.destination_pitch_x // 4


def _results(job: Descriptor, start: int, pitch_y: int, pitch_x: int) -> np.ndarray:
    """Return the words of results, or of their operand."""
    words = -(-job.channels // 4) if job.int8 else job.channels
    return _grid(
        start,
        (_halves(job), job.pair_rows * pitch_y),
        (job.store_rows, pitch_y),
        (job.store_columns, pitch_x),
        (words, 1),
    )


def _constants(job: Descriptor) -> np.ndarray:
    """Return the words that may be results of earlier jobs and are read when storing begins."""
    scales = _grid(job.parameters // 4, (job.scales_only * -(-job.channels // 4) * 4, 1))
    size = BYTE_TABLE_BYTES if job.int8 else TABLE_BYTES
    table = _grid(job.coefficients // 4, (job.load_table * size // 4, 1))
    return np.concatenate([scales, table])


def _storing(index: int, job: Descriptor, sums: np.ndarray) -> Activity:
    store = Activity(index, STORE, STORED)
    # Where a row belongs to both results of a pair, one is stored before the other's operand is
    # read.
    apart = not 0 < job.pair_rows < job.store_rows
    same = job.store_memory and job.residual == job.destination
    store.in_place = job.reads_operand and same and apart
    # The sums of a tile are stored when the tile is done: its own job is no danger.
    store.reads["sums"] = sums
    if job.store_memory:
        store.writes["memory"] = _results(job, job.destination // 4, *_memory_pitches(job))
    if job.store_buffer:
        store.writes["buffer"] = _results(job, job.store_base, job.store_pitch_y, job.store_pitch_x)
    return store


def _grid(start: int, *axes: tuple[int, int]) -> np.ndarray:
    """Return all words start + i * pitch + ... with i < count of each (count, pitch)."""
    words = np.array([start])
    for count, pitch in axes:
        words = np.unique((words[:, None] + np.arange(count) * pitch).reshape(-1))
    return words


def _assert_apart(earlier: Activity, later: Activity) -> None:
    for one, other in (
        (earlier.writes, later.reads),
        (earlier.writes, later.writes),
        (earlier.reads, later.writes),
    ):
        for space in one.keys() & other.keys():
            own = "sums", *(["memory"] if later.in_place else [])
            if earlier.job == later.job and space in own:
                continue
            shared = np.intersect1d(one[space], other[space])
            assert not shared.size, (
                f"job {earlier.job} ({_EVENTS[earlier.begin]}) and job {later.job} "
                f"({_EVENTS[later.begin]}) may meet at {shared.size} words of {space}"
            )
