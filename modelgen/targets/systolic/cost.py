"""Analytic model of the engine's execution time, in cycles.

The engine consists of three units that share the memory port: one loads activations, one computes
(and fetches the weights that it needs), one stores results. A job may load while the previous one
computes, and compute while one earlier job stores; a tile is stored as soon as its last slice is
done. The model follows these units from event to event. On the port, activations that the array
waits for have the highest priority, then weights, then results and residual operands, then other
activations. The latencies of the pipeline come from the contract; the constants below cover the
cycles between its steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import (
    ACCUMULATE_LATENCY,
    BUFFER_LATENCY,
    DESCRIPTOR_WORDS,
    FUNCTION_LATENCY,
    PRODUCT_LATENCY,
    SEGMENTS,
    STORE_LATENCY,
    Fence,
    Operation,
)
from modelgen.targets.systolic.jobs import EngineLayer, Job, Load, Store
from modelgen.targets.systolic.scratchpad.layout import ceil_div
from modelgen.targets.systolic.tiles import (
    diagonal_bytes,
    parameter_words,
    tile_columns,
    weight_bytes,
)


@dataclass(frozen=True)
class EngineConstants:
    """Cycles between the steps of a job."""

    start: int = 4
    """From the doorbell to the first word of activations, in addition to the descriptor's fetch."""
    load_setup: int = 14
    """Per load: from its start to the first word in the buffer, in addition to the transfers."""
    row_setup: int = 0
    """Per row of a load or store, in addition to the transfers."""
    compute_setup: int = 5
    """Per job: cycles in which no row enters the array."""
    store_setup: int = 2
    """Per store: from a tile's last sum to its first read, and from the result to the port."""
    finish: int = 1
    """From the last word stored to the interrupt."""


CONSTANTS = EngineConstants()
TABLE_WORDS = 2 * SEGMENTS
TABLE_REQUEST = 2
"""Cycles of a request for words of a table."""


@dataclass(frozen=True)
class JobCost:
    """Work of one job, in cycles of the unit that does it."""

    load: float
    load_port: float
    """Port cycles of loading; filling takes none."""
    filling: float
    """Share of loading in which padding is written, which yields to stores into the buffer."""
    compute: float
    weights: float
    """Port cycles that take precedence over all others: weights, and the descriptor."""
    store: float
    store_port: float
    """Port cycles of storing: results, residual operands, scales and biases."""
    store_reads: float
    """Share of storing in which accumulators are read."""
    store_writes: float
    """Share of storing in which the buffer is written."""
    store_lead: float
    """How many cycles before the end of computing the first tile may be stored."""
    store_tail: float
    """Work of storing that has to wait for the end of computing."""
    latency: float
    """From the last cycle of computing to the first sum that can be stored, and on to memory."""
    reports: bool
    fence: Fence
    halves: tuple[float, float]
    """Shares of the job's sums in the two halves of the accumulators."""
    adding: float
    """Share of computing in which sums are read, which blocks storing from the same half."""


def job_cost(
    job: Job,
    hardware: Hardware,
    constants: EngineConstants = CONSTANTS,
    *,
    last: bool = False,
    latency: int | None = None,
) -> JobCost:
    """Return the work of a job.

    Args:
        job: the job.
        hardware: sizes of the engine.
        constants: cycles between the steps of a job.
        last: whether it is the last of its layer, which reports even if it stores nothing.
        latency: cycles from its last row to its first result; None: those of the hardware.
    """
    positions, slices = job.compute.positions, job.slices(hardware.array_size)
    columns = tile_columns(job.outputs, job.tiles, hardware.array_size)
    weights = [tile_cycles(job.operation, count, hardware) for count in columns]
    tile_times = [max(positions, shift) for shift, _ in weights]
    slice_time = max(sum(tile_times), ACCUMULATE_LATENCY)
    load, load_port = _load_cycles(job.load, hardware, constants)
    storing = _storing(job, job.store, columns, hardware) if job.store else _Storing()
    if latency is None:
        latency = store_latency(hardware, constants)
    compute = slices * slice_time + constants.compute_setup
    loading = table_cycles(hardware) if job.store and job.store.loads_table else 0
    # A table is loaded while the job's sums are computed.
    waiting = max(loading - compute, 0)
    if job.store and job.store.function:
        latency += FUNCTION_LATENCY
    return JobCost(
        load=load,
        load_port=load_port,
        filling=1.0 - (constants.load_setup + load_port) / load if load else 0.0,
        compute=compute,
        weights=slices * sum(port for _, port in weights) + fetch_cycles(hardware),
        store=storing.cycles + waiting + latency if job.store else 0,
        store_port=storing.port + TABLE_WORDS // hardware.port_words * (loading > 0),
        store_reads=storing.reads,
        store_writes=storing.writes,
        store_lead=sum(tile_times[1:]) if job.store else 0,
        store_tail=storing.last_tile + waiting + latency if job.store else 0,
        latency=latency if job.store else 0,
        reports=job.store is not None or last,
        fence=job.fence,
        halves=_halves(job, hardware.accumulator_depth),
        adding=(slices - job.first) / slices * job.tiles * positions / slice_time,
    )


def store_latency(hardware: Hardware, constants: EngineConstants = CONSTANTS) -> int:
    """Return cycles from the last row that enters the array to its first result at the port."""
    sums = BUFFER_LATENCY + hardware.array_size + PRODUCT_LATENCY + ACCUMULATE_LATENCY
    return sums + STORE_LATENCY + constants.store_setup


def table_cycles(hardware: Hardware) -> int:
    """Return the cycles of loading a table: one request at a time."""
    return TABLE_REQUEST * TABLE_WORDS // hardware.port_words


def fetch_cycles(hardware: Hardware) -> int:
    """Return the port cycles of reading a descriptor."""
    return DESCRIPTOR_WORDS // hardware.port_words


def _halves(job: Job, depth: int) -> tuple[float, float]:
    """Return the shares of a job's sums in the lower and the upper half of the accumulators."""
    below = min(max(depth // 2 - job.accumulator, 0), job.entries) / job.entries
    return below, 1.0 - below


def tile_cycles(operation: Operation, columns: int, hardware: Hardware) -> tuple[int, int]:
    """Return the cycles in which a tile's weights enter the array, and their port cycles."""
    size, port = hardware.array_size, hardware.port_bytes
    if operation is Operation.MATMUL:
        beats = weight_bytes(columns, size) // port
        return beats, beats
    if operation is Operation.DEPTHWISE:
        return weight_bytes(size, size) // port, diagonal_bytes(size) // port
    return 0, 0


def _load_cycles(
    load: Load | None, hardware: Hardware, constants: EngineConstants
) -> tuple[float, float]:
    if load is None:
        return 0.0, 0.0
    port = hardware.port_words
    transfers, filling = 0, 0
    if load.source is not None:
        row = load.columns * ceil_div(load.words, port) + constants.row_setup
        transfers = load.rows * row
    if load.fill is not None:
        width = hardware.store_words
        gap = ceil_div(load.pitch - load.columns * load.words, width)
        filling = ceil_div(load.head, width) + load.rows * gap + ceil_div(load.tail, width)
    return constants.load_setup + transfers + filling, transfers


@dataclass(frozen=True)
class _Storing:
    """Work of a store, in cycles, without latencies."""

    cycles: float = 0.0
    port: float = 0.0
    last_tile: float = 0.0
    reads: float = 0.0
    """Share of the cycles in which accumulators are read."""
    writes: float = 0.0
    """Share of the cycles in which the buffer is written."""


def _storing(job: Job, store: Store, columns: Sequence[int], hardware: Hardware) -> _Storing:
    """Return the work of a store whose tiles have so many columns.

    The largest of a window of entries is found for all columns of a tile at once, and is in use
    until its last words have left.
    """
    port = hardware.port_words
    stored = store.rows * store.columns
    window = job.window[0] * job.window[1]
    streams = (store.memory is not None) + (store.residual is not None)
    width = hardware.store_words if store.is_wide else port
    beats = [ceil_div(count, width) for count in columns]
    of_tile = [stored * max(window + count - 1, streams * count) for count in beats]
    results, cycles = stored * sum(beats), sum(of_tile)
    parameters = sum(2 * parameter_words(count) // port for count in columns)
    return _Storing(
        cycles=cycles,
        port=streams * results + parameters,
        last_tile=of_tile[-1],
        reads=job.tiles * stored * window / cycles,
        writes=results / cycles if store.buffer is not None else 0.0,
    )


_EPSILON = 1e-9


def chain_cycles(
    costs: Sequence[JobCost], hardware: Hardware, constants: EngineConstants = CONSTANTS
) -> list[float]:
    """Return, for each job of a chain, the cycle after the doorbell at which it completes."""
    start = fetch_cycles(hardware) + constants.start
    return [start + end + constants.finish for end in _run(costs).finished]


def segment_cycles(layers: Sequence[EngineLayer], hardware: Hardware) -> list[int]:
    """Return the cycles of each layer of a chain, counted from the end of the previous one."""
    costs = [
        job_cost(job, hardware, last=job is layer.jobs[-1])
        for layer in layers
        for job in layer.jobs
    ]
    ends = chain_cycles(costs, hardware)
    cycles, begin, position = [], 0.0, 0
    for layer in layers:
        position += len(layer.jobs)
        cycles.append(round(ends[position - 1] - begin))
        begin = ends[position - 1]
    return cycles


def next_start(costs: Sequence[JobCost]) -> tuple[float, float]:
    """Return when a job after these could start to compute, and when everything is stored."""
    pipeline = _run(costs)
    reporting = [end for end, cost in zip(pipeline.finished, costs, strict=True) if cost.reports]
    before = reporting[-2] if len(reporting) > 1 else 0.0
    return max(pipeline.computed[-1], before), pipeline.finished[-1]


def _run(costs: Sequence[JobCost]) -> _Pipeline:
    pipeline = _Pipeline(costs)
    while not pipeline.done():
        pipeline.step()
    return pipeline


_LOAD, _COMPUTE, _STORE = range(3)
_UNITS = (_LOAD, _COMPUTE, _STORE)


class _Pipeline:
    """The loading, computing and storing units; each works on one job at a time, in order."""

    def __init__(self, costs: Sequence[JobCost]) -> None:
        self._costs = costs
        self._time = 0.0
        self._position = [0, 0, 0]
        """Job that each unit works on, or waits for."""
        self._left = [0.0, 0.0, 0.0]
        self._active = [False, False, False]
        self._reports_before = [0, *accumulate(cost.reports for cost in costs)]
        self.computed: list[float] = []
        self.finished: list[float] = []

    def done(self) -> bool:
        return len(self.finished) == len(self._costs)

    def step(self) -> None:
        """Start every unit that can start, then advance to the next event."""
        may_start = (self._may_load, self._may_compute, self._may_store)
        while any([self._start(unit, may_start[unit]) for unit in _UNITS]):
            pass
        if self.done():
            return
        rates = self._rates()
        pause = min(self._until_event(unit, rates[unit]) for unit in _UNITS)
        self._time += pause
        for unit in _UNITS:
            self._left[unit] -= rates[unit] * pause
        for unit in _UNITS:
            if self._active[unit] and self._left[unit] <= _EPSILON:
                self._complete(unit)

    def _start(self, unit: int, may_start: Callable[[int], bool]) -> bool:
        """Start a unit's next job if possible; a job that takes no time completes immediately."""
        index = self._position[unit]
        if self._active[unit] or index >= len(self._costs) or not may_start(index):
            return False
        cost = self._costs[index]
        self._active[unit] = True
        self._left[unit] = (cost.load, cost.compute, cost.store)[unit]
        if self._left[unit] == 0:
            self._complete(unit)
        return True

    def _still_storing(self, index: int) -> int:
        return self._reports_before[index] - self._reports_before[len(self.finished)]

    def _may_load(self, index: int) -> bool:
        fence = self._costs[index].fence
        if fence is Fence.ALL:
            return self._position[_COMPUTE] >= index and self._still_storing(index) == 0
        if fence is Fence.ALL_BUT_LAST and self._still_storing(index) > 1:
            return False
        return self._position[_COMPUTE] >= index - 1

    def _may_compute(self, index: int) -> bool:
        return self._position[_LOAD] > index and self._still_storing(index) <= 1

    def _may_store(self, index: int) -> bool:
        lead = self._costs[index].store_lead
        last_slice = self._computes(index) and self._left[_COMPUTE] <= lead + _EPSILON
        return self._position[_COMPUTE] > index or (lead > 0 and last_slice)

    def _computes(self, index: int) -> bool:
        return self._active[_COMPUTE] and self._position[_COMPUTE] == index

    def _rates(self) -> tuple[float, float, float]:
        """Return the progress of each unit per cycle."""
        free, compute = 1.0, 0.0
        urgent = self._active[_LOAD] and not self._active[_COMPUTE]
        load = 0.0
        writes = self._costs[self._position[_STORE]].store_writes if self._active[_STORE] else 0.0
        filling = self._costs[self._position[_LOAD]].filling if self._active[_LOAD] else 0.0
        if urgent:
            load, free = 1.0, 1.0 - self._share(_LOAD)
        if self._active[_COMPUTE]:
            cost = self._costs[self._position[_COMPUTE]]
            free, compute = max(1.0 - cost.weights / cost.compute, 0.0), 1.0
        store = 0.0
        if self._active[_STORE] and not self._store_waits():
            share = self._share(_STORE)
            store = min(1.0, free / share) if share else 1.0
            store *= self._readable()
            if urgent:
                store *= 1.0 - writes * filling
            free -= store * share
        if self._active[_LOAD] and not urgent:
            share = self._share(_LOAD)
            load = min(1.0, max(free, 0.0) / share) if share else 1.0
            load *= 1.0 - store * writes * filling
        return load, compute, store

    def _readable(self) -> float:
        """Return the speed of storing if sums can only be read in the cycles that adding leaves."""
        if not self._active[_COMPUTE]:
            return 1.0
        adding, storing = (self._costs[self._position[unit]] for unit in (_COMPUTE, _STORE))
        common = sum(a * b for a, b in zip(adding.halves, storing.halves, strict=True))
        free = 1.0 - common * adding.adding
        return free / (storing.store_reads + (1.0 - storing.store_reads) * free) if free else 0.0

    def _share(self, unit: int) -> float:
        """Return the share of the port that a unit uses at full speed."""
        cost = self._costs[self._position[unit]]
        if unit == _LOAD:
            return cost.load_port / cost.load if cost.load else 0.0
        return cost.store_port / max(cost.store, 1.0)

    def _store_waits(self) -> bool:
        """Return whether the only tiles left to store are still being computed."""
        index = self._position[_STORE]
        return (
            self._computes(index) and self._left[_STORE] <= self._costs[index].store_tail + _EPSILON
        )

    def _until_event(self, unit: int, rate: float) -> float:
        """Return the time until a unit completes, or reaches a point that others wait for."""
        if not self._active[unit] or rate <= 0.0:
            return math.inf
        left = self._left[unit]
        index = self._position[unit]
        point = 0.0
        if unit == _COMPUTE:
            point = self._costs[index].store_lead
        elif unit == _STORE and self._computes(index):
            point = self._costs[index].store_tail
        return (left - point if left > point + _EPSILON else left) / rate

    def _complete(self, unit: int) -> None:
        self._active[unit] = False
        self._position[unit] += 1
        if unit == _COMPUTE:
            self.computed.append(self._time)
        if unit == _STORE:
            self.finished.append(self._time)
