"""Work of each job, in cycles of the units that do it: the first half of the cost model.

The latencies of the pipeline come from the contract; the constants below cover the cycles between
its steps. `timing.py` has the time that jobs take together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelgen.hardware import Hardware
from modelgen.targets.systolic.abi import (
    ACCUMULATE_LATENCY,
    BUFFER_LATENCY,
    DESCRIPTOR_WORDS,
    FUNCTION_LATENCY,
    INTEGER_ACCUMULATE_LATENCY,
    INTEGER_OPERAND_LATENCY,
    INTEGER_PRODUCT_LATENCY,
    INTEGER_STORE_LATENCY,
    PRODUCT_LATENCY,
    SEGMENTS,
    STORE_LATENCY,
    Fence,
    Operation,
)
from modelgen.targets.systolic.jobs import Job, Load, Store
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

    start: int = 15
    """From the doorbell to the first word of activations, in addition to the descriptor's fetch."""
    load_setup: int = 12
    """Per load: from its start to the first word in the buffer, in addition to the transfers."""
    row_setup: int = 0
    """Per row of a load or store, in addition to the transfers."""
    compute_setup: int = 5
    """Per job: cycles in which no row enters the array."""
    store_setup: int = 2
    """Per store: from a tile's last sum to its first read, and from the result to the port."""
    finish: int = 3
    """From the last word stored to the interrupt."""


CONSTANTS = EngineConstants()
_TABLE_WORDS = 2 * SEGMENTS
_TABLE_SETUP = 12
"""Cycles from the start of loading a table to its first entry."""


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
    issues, slices = job.issues(), job.slices(hardware.array_size)
    columns = tile_columns(job.outputs, job.tiles, hardware.array_size)
    weights = [_tile_cycles(job, count, hardware) for count in columns]
    tile_times = [max(issues, shift) for shift, _ in weights]
    is_integer = job.lanes > 1
    reuse = INTEGER_ACCUMULATE_LATENCY if is_integer else ACCUMULATE_LATENCY
    slice_time = max(sum(tile_times), reuse)
    load, load_port = _load_cycles(job.load, hardware, constants)
    compute = slices * slice_time + constants.compute_setup
    storing, until_stored = _Storing(), 0
    if job.store:
        storing = _storing(job, job.store, columns, hardware)
        if job.store.loads_table:
            storing = _after_table(storing, compute, hardware)
        if latency is None:
            latency = store_latency(hardware, constants, is_integer=is_integer)
        until_stored = latency
        if is_integer:
            until_stored += INTEGER_OPERAND_LATENCY * (job.store.residual is not None)
        else:
            until_stored += FUNCTION_LATENCY * job.store.function
    return JobCost(
        load=load,
        load_port=load_port,
        filling=1.0 - (constants.load_setup + load_port) / load if load else 0.0,
        compute=compute,
        weights=slices * sum(port for _, port in weights) + fetch_cycles(hardware),
        store=storing.cycles + until_stored,
        store_port=storing.port,
        store_reads=storing.reads,
        store_writes=storing.writes,
        store_lead=sum(tile_times[1:]) if job.store else 0,
        store_tail=storing.last_tile + until_stored,
        latency=until_stored,
        reports=job.store is not None or last,
        fence=job.fence,
        halves=_halves(job, hardware.accumulator_depth),
        adding=(slices - job.first) / slices * job.tiles * job.positions / slice_time,
    )


def store_latency(
    hardware: Hardware, constants: EngineConstants = CONSTANTS, *, is_integer: bool = False
) -> int:
    """Return cycles from the last row that enters the array to its first result at the port."""
    after_array = PRODUCT_LATENCY + ACCUMULATE_LATENCY + STORE_LATENCY
    if is_integer:
        after_array = INTEGER_PRODUCT_LATENCY + INTEGER_ACCUMULATE_LATENCY + INTEGER_STORE_LATENCY
    return BUFFER_LATENCY + hardware.array_size + after_array + constants.store_setup


def table_cycles(hardware: Hardware) -> int:
    """Return the cycles of loading a table: a request in each, and an entry of two words."""
    return max(_TABLE_WORDS // hardware.port_words, _TABLE_WORDS // 2) + _TABLE_SETUP


def fetch_cycles(hardware: Hardware) -> int:
    """Return the port cycles of reading a descriptor."""
    return DESCRIPTOR_WORDS // hardware.port_words


def _halves(job: Job, depth: int) -> tuple[float, float]:
    """Return the shares of a job's sums in the lower and the upper half of the accumulators."""
    below = min(max(depth // 2 - job.accumulator, 0), job.entries) / job.entries
    return below, 1.0 - below


def _tile_cycles(job: Job, columns: int, hardware: Hardware) -> tuple[int, int]:
    return tile_cycles(job.operation, columns, hardware, job.lanes, job.weight_bits)


def tile_cycles(
    operation: Operation, columns: int, hardware: Hardware, lanes: int = 1, bits: int = 8
) -> tuple[int, int]:
    """Return the cycles in which a tile's weights enter the array, and their port cycles.

    Args:
        operation: what the tile computes.
        columns: of the tile, for which there are weights.
        hardware: sizes of the engine.
        lanes: values in a word.
        bits: of a weight in memory.
    """
    size, port = hardware.array_size, hardware.port_bytes
    if operation is Operation.MATMUL or (operation is Operation.DEPTHWISE and lanes > 1):
        entering = ceil_div(weight_bytes(columns, size), port)
        return entering, ceil_div(weight_bytes(columns, size, bits), port)
    if operation is Operation.DEPTHWISE:
        return weight_bytes(size, size) // port, ceil_div(diagonal_bytes(size), port)
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
    if job.lanes > 1:
        return _storing_integers(job, store, columns, hardware)
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


def _storing_integers(
    job: Job, store: Store, columns: Sequence[int], hardware: Hardware
) -> _Storing:
    """Return the work of a store of INT8 results, whose windows are reduced result by result."""
    lanes = hardware.integer_lanes
    rows = 2 * (store.rows - job.pair_rows) if job.pair_rows else store.rows
    stored = rows * store.columns
    window = job.window[0] * job.window[1]
    streams = (store.memory is not None) + (store.residual is not None)
    beats = [ceil_div(count, lanes) for count in columns]
    accesses = streams * stored * sum(ceil_div(count, hardware.port_bytes) for count in columns)
    # A result with an operand goes through the requantisers twice.
    of_result = window + (store.residual is not None)
    of_tile = [stored * count * of_result for count in beats]
    results, cycles = stored * sum(beats), sum(of_tile)
    parameters = sum(3 * parameter_words(count) // hardware.port_words for count in columns)
    return _Storing(
        cycles=cycles,
        port=accesses + parameters,
        last_tile=of_tile[-1],
        reads=results * window / cycles,
        writes=results / cycles if store.buffer is not None else 0.0,
    )


def _after_table(storing: _Storing, compute: float, hardware: Hardware) -> _Storing:
    """Return the work of a store that waits for a table, read while the job's sums are computed."""
    waiting = max(table_cycles(hardware) - compute, 0)
    return replace(
        storing,
        cycles=storing.cycles + waiting,
        port=storing.port + _TABLE_WORDS // hardware.port_words,
        last_tile=storing.last_tile + waiting,
    )
