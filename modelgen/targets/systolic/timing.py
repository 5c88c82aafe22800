"""Analytic model of the engine's execution time, in cycles.

The engine consists of three units that share the memory port: one loads activations, one computes
(and fetches the weights that it needs), one stores results. A job may load while the previous one
computes, and compute while one earlier job stores; a tile is stored as soon as its last slice is
done. The model follows these units from event to event. On the port, activations that the array
waits for have the highest priority, then weights, then results and residual operands, then other
activations. The work of each unit comes from `cost.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import Fence
from modelgen.targets.systolic.cost import (
    CONSTANTS,
    EngineConstants,
    JobCost,
    fetch_cycles,
    job_cost,
)
from modelgen.targets.systolic.jobs import EngineLayer

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


def next_start(costs: Sequence[JobCost], busy: float = 0.0) -> tuple[float, float]:
    """Return when a job after these could start to compute, and when everything is stored.

    Args:
        costs: of some jobs.
        busy: when the results of the job before them are stored.
    """
    pipeline = _run(costs, busy)
    reporting = [end for end, cost in zip(pipeline.finished, costs, strict=True) if cost.reports]
    before = reporting[-2] if len(reporting) > 1 else busy
    return max(pipeline.computed[-1], before), pipeline.finished[-1]


def _run(costs: Sequence[JobCost], busy: float = 0.0) -> _Pipeline:
    pipeline = _Pipeline(costs, busy)
    while not pipeline.done():
        pipeline.step()
    return pipeline


_LOAD, _COMPUTE, _STORE = range(3)
_UNITS = (_LOAD, _COMPUTE, _STORE)


class _Pipeline:
    """The loading, computing and storing units; each works on one job at a time, in order."""

    def __init__(self, costs: Sequence[JobCost], busy: float) -> None:
        self._costs = costs
        self._busy = busy
        """When the store unit has finished with the job before these."""
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
        if self._time < self._busy:
            pause = min(pause, self._busy - self._time)
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
        is_computed = self._position[_COMPUTE] > index or (lead > 0 and last_slice)
        return self._time >= self._busy and is_computed

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
