"""Roughly how long the engine takes for a network whose layers are not yet cut into jobs.

As `timing.py` does for jobs, it follows array, memory port and store path from layer to layer. A
layer begins when the one before has been computed and, if it reads what that one stores, what its
first job reads is there.
"""

from __future__ import annotations

from collections.abc import Sequence

from modelgen.arithmetic.function_table import FunctionTable
from modelgen.hardware import Hardware
from modelgen.operators.epilogue import epilogue_of
from modelgen.operators.table_functions import function_table
from modelgen.targets.base import Network
from modelgen.targets.systolic.cost import store_latency, table_cycles, tile_cycles
from modelgen.targets.systolic.geometry import Geometry
from modelgen.targets.systolic.scratchpad.layout import ceil_div
from modelgen.targets.systolic.scratchpad.residency import Residency, Work
from modelgen.targets.systolic.tiles import tile_columns

_LEAST = 0.25
"""Least share of a map that is stored when the layer that reads it begins."""


def estimate(network: Network, works: Sequence[Work], plan: Residency) -> float:
    """Return about how many cycles the engine takes; what the CPU computes takes none.

    Args:
        network: the whole network.
        works: its steps, as the engine sees them.
        plan: where its maps are.
    """
    timeline = _Timeline(network, plan)
    for index, work in enumerate(works):
        if work.geometry is not None:
            timeline.add(index, work, work.geometry)
    return timeline.stored


class _Timeline:
    def __init__(self, network: Network, plan: Residency) -> None:
        self._network = network
        self._plan = plan
        self._hardware = network.hardware
        self._latency = store_latency(network.hardware)
        self._begun = 0.0
        self._computed = 0.0
        self._moved = 0.0
        """When the port has moved all that it has to so far."""
        self._stores = [0.0, 0.0]
        """When the last two layers are stored."""
        self._some: dict[str, float] = {}
        """Tensor -> when a layer that reads it can begin."""
        self._all: dict[str, float] = {}
        self._table: FunctionTable | None = None
        """That the engine holds."""

    @property
    def stored(self) -> float:
        """When everything is stored."""
        return self._stores[-1]

    def add(self, index: int, work: Work, geometry: Geometry) -> None:
        """Add a layer."""
        hardware, plan = self._hardware, self._plan
        source, target = map(self._network.buffer, (work.node.inputs[0], work.node.output))
        streams = plan.layout_read(source, index) is None or plan.loaders.get(source) == index
        tensors = self._network.graph.tensors
        operands = sum(tensors[name].size for name in work.node.inputs[1:])
        writes = target in plan.in_memory
        function = epilogue_of(work.node.operator).function
        read: float = _weight_beats(geometry, hardware)
        read += (geometry.source.size * streams + operands) / hardware.port_words
        storing = geometry.target.size / (
            hardware.port_words if writes or operands or function else hardware.store_words
        )
        # What is read from memory may be loaded while the layer before is computed.
        self._moved = max(self._moved, self._begun) + read
        begin = max(self._computed, self._stores[-2], self._some.get(source, 0.0))
        end = max(begin + _array_cycles(geometry, hardware), self._moved)
        end = max(end, self._all.get(source, 0.0) + self._latency)
        if writes:
            self._moved = max(self._moved, begin) + geometry.target.size / hardware.port_words
        first = max(self._stores[-1], begin) + self._loading(function)
        last = max(first + storing, end + self._latency, self._moved if writes else 0.0)
        self._begun, self._computed = begin, end
        self._stores = [self._stores[-1], last]
        self._some[target] = first + self._share_of_a_job(geometry) * (last - first)
        self._all[target] = last

    def _loading(self, function: str) -> int:
        """Return the cycles of loading the table of a function, unless the engine holds it."""
        table = function_table(function) if function else self._table
        if table == self._table:
            return 0
        self._table = table
        return table_cycles(self._hardware)

    def _share_of_a_job(self, geometry: Geometry) -> float:
        """Return the share of a layer's results that is stored before the next layer begins."""
        entries = geometry.positions * ceil_div(geometry.outputs, self._hardware.array_size)
        jobs = ceil_div(entries, self._hardware.accumulator_depth // 2)
        return max(1.0 / jobs, _LEAST)


def _array_cycles(geometry: Geometry, hardware: Hardware) -> int:
    """Return the cycles in which slices enter the array, or words bypass it."""
    tiles = ceil_div(geometry.outputs, hardware.array_size)
    return geometry.positions * _slices(geometry, hardware) * tiles


def _weight_beats(geometry: Geometry, hardware: Hardware) -> int:
    """Return the port cycles of a layer's weights, if they are read once."""
    tiles = ceil_div(geometry.outputs, hardware.array_size)
    columns = tile_columns(geometry.outputs, tiles, hardware.array_size)
    kind = geometry.lanes, geometry.weight_bits
    beats = sum(tile_cycles(geometry.operation, count, hardware, *kind)[1] for count in columns)
    return _slices(geometry, hardware) * beats


def _slices(geometry: Geometry, hardware: Hardware) -> int:
    """Return how many slices each position adds for a tile."""
    if not geometry.is_matmul:
        return geometry.taps
    words = geometry.taps * geometry.words // geometry.blocks
    return ceil_div(words, geometry.slice_words(hardware.array_size))
