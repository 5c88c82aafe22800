"""Analytic model of the engine's time, in cycles.

The engine is three units that share the memory port: one loads activations, one computes (and
fetches the weights that it needs), one stores results. A job may load while the one before
computes, and compute while one earlier job stores; a tile is stored as soon as its last slice is
done. The model follows these units from event to event; on the port activations come first that the
array waits for, then weights, results, other activations. The constants below are the only numbers
taken from the RTL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from modelgen.hardware import Hardware
from modelgen.program import Job


@dataclass(frozen=True)
class EngineConstants:
    """Latencies of the RTL, in cycles."""

    start: int = 12
    """Doorbell to the first word of activations: fetching and decoding the first descriptor."""
    descriptor: int = 5
    """Port cycles that fetching a descriptor takes from the others."""
    load_setup: int = 12
    """Each load: from its start to the first word in the buffer, beyond the transfers."""
    row_setup: int = 0
    """Each row of a load or store, beyond the transfers."""
    compute_setup: int = 4
    """Each job: cycles in which no row enters the array."""
    drain: int = 14
    """Last row into the array to its sum in the accumulators, beyond twice S for the skew."""
    store_setup: int = 12
    """Each store: accumulator read, multiply, add, clamp, until the last word is in memory."""
    accumulate: int = 6
    """Between two slices of the same output: the adder's latency."""
    finish: int = 4
    """Last word stored to the interrupt."""


CONSTANTS = EngineConstants()


@dataclass(frozen=True)
class JobCost:
    """Work of one job, in cycles of the unit that does it."""

    load: float
    compute: float
    weights: float
    """Port cycles that come before all others: weights, and the descriptor."""
    store: float
    store_lead: float
    """Cycles before the end of computing at which the first tile may be stored."""
    store_tail: float
    """Work of storing that has to wait for the end of computing."""
    stores: bool
    fence: bool


def ceil_div(value: int, divisor: int) -> int:
    """Return the quotient, rounded up."""
    return -(-value // divisor)


def job_cost(job: Job, hardware: Hardware, constants: EngineConstants = CONSTANTS) -> JobCost:
    """Return the work of a job."""
    port = hardware.port_words
    slices = ceil_div(job.words, hardware.array_size)
    tile = ceil_div(hardware.tile_bytes, hardware.port_bytes)
    tile_time = max(job.rows, tile)
    row_load = ceil_div(job.words, port) + constants.row_setup
    tile_store = ceil_div(hardware.array_size, port)
    last_columns = job.columns - (job.tiles - 1) * hardware.array_size
    row_store = (job.tiles - 1) * tile_store + ceil_div(last_columns, port)
    latency = constants.drain + 2 * hardware.array_size + constants.store_setup
    slice_time = max(job.tiles * tile_time, constants.accumulate)
    return JobCost(
        load=constants.load_setup + job.rows * row_load if job.load else 0,
        compute=slices * slice_time + constants.compute_setup,
        weights=slices * job.tiles * tile + constants.descriptor,
        store=job.rows * row_store + latency if job.store else 0,
        store_lead=(job.tiles - 1) * tile_time if job.store else 0,
        store_tail=job.rows * ceil_div(last_columns, port) + latency if job.store else 0,
        stores=job.store,
        fence=job.fence,
    )


_EPSILON = 1e-9


def chain_cycles(costs: Sequence[JobCost], constants: EngineConstants = CONSTANTS) -> list[float]:
    """Return for each job of a chain the cycle, from the doorbell, at which it has completed."""
    pipeline = _Pipeline(costs)
    while not pipeline.done():
        pipeline.step()
    return [constants.start + end + constants.finish for end in pipeline.finished]


_LOAD, _COMPUTE, _STORE = range(3)
_UNITS = (_LOAD, _COMPUTE, _STORE)


class _Pipeline:
    """Loading, computing and storing units; each works on one job at a time, in order."""

    def __init__(self, costs: Sequence[JobCost]) -> None:
        self._costs = costs
        self._time = 0.0
        self._position = [0, 0, 0]
        """Job that each unit works on, or waits for."""
        self._left = [0.0, 0.0, 0.0]
        self._active = [False, False, False]
        self._stores_before = [0, *accumulate(cost.stores for cost in costs)]
        self.finished: list[float] = []

    def done(self) -> bool:
        return len(self.finished) == len(self._costs)

    def step(self) -> None:
        """Start what can start, then go to the next event."""
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
        """Start a unit's next job if it can start; what takes no time is completed at once."""
        index = self._position[unit]
        if self._active[unit] or index >= len(self._costs) or not may_start(index):
            return False
        cost = self._costs[index]
        self._active[unit] = True
        self._left[unit] = (cost.load, cost.compute, cost.store)[unit]
        if self._left[unit] == 0:
            self._complete(unit)
        return True

    def _may_load(self, index: int) -> bool:
        if self._costs[index].fence:
            return len(self.finished) == index
        return self._position[_COMPUTE] >= index - 1

    def _may_compute(self, index: int) -> bool:
        storing = self._stores_before[index] - self._stores_before[len(self.finished)]
        return self._position[_LOAD] > index and storing <= 1

    def _may_store(self, index: int) -> bool:
        lead = self._costs[index].store_lead
        last_slice = self._computes(index) and self._left[_COMPUTE] <= lead + _EPSILON
        return self._position[_COMPUTE] > index or (lead > 0 and last_slice)

    def _computes(self, index: int) -> bool:
        return self._active[_COMPUTE] and self._position[_COMPUTE] == index

    def _rates(self) -> tuple[float, float, float]:
        """Return the progress of each unit in a cycle."""
        free, compute = 1.0, 0.0
        if self._active[_LOAD] and not self._active[_COMPUTE]:
            return 1.0, 0.0, 0.0
        if self._active[_COMPUTE]:
            cost = self._costs[self._position[_COMPUTE]]
            free, compute = max(1.0 - cost.weights / cost.compute, 0.0), 1.0
        store = free if self._active[_STORE] and not self._store_waits() else 0.0
        return (free - store if self._active[_LOAD] else 0.0), compute, store

    def _store_waits(self) -> bool:
        """Tell whether only tiles are left to store that are still being computed."""
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
        if unit == _STORE:
            self.finished.append(self._time)
