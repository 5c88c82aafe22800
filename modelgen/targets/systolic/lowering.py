"""Lowering of a job to its descriptor.

Addresses are symbolic until the program is laid out in memory. Both the emitted C++ and the
reference's bytes come from the same descriptor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelgen.operators.table_functions import TABLE_FUNCTIONS
from modelgen.targets.systolic.abi import Factor
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.integer_results import IntegerResults
from modelgen.targets.systolic.jobs import EngineLayer, Job, Load, Place, Store
from modelgen.targets.systolic.tiles import WORD_BYTES


@dataclass(frozen=True)
class Constant:
    """A place in one of the sections "weights" and "parameters"."""

    section: str
    offset: int
    """Offset in bytes."""


@dataclass(frozen=True)
class Lowering:
    """A job's descriptor, whose addresses are not yet known."""

    descriptor: Descriptor
    """The descriptor, with all addresses zero."""
    places: Mapping[str, Place | Constant]
    """Field -> what it holds the address of, without unused fields."""

    def resolved(self, address: Callable[[Place | Constant], int]) -> Descriptor:
        """Return the descriptor with its addresses, not linked to others."""
        known: dict[str, Any] = {field: address(p) for field, p in self.places.items()}
        return replace(self.descriptor, **known)


def lower_job(layer: EngineLayer, job: Job) -> Lowering:
    """Return the descriptor of one job of a layer."""
    load = _load_fields(job.load, layer.geometry.lanes)
    fields = {**_compute_fields(job), **load, **_store_fields(layer, job)}
    places = {name: place for name, place in _places(layer, job).items() if place is not None}
    return Lowering(Descriptor(**fields), places)


def _places(layer: EngineLayer, job: Job) -> dict[str, Place | Constant | None]:
    load, store = job.load, job.store
    return {
        "source": load.source if load else None,
        "weights": None if job.weights is None else Constant("weights", job.weights),
        "parameters": _parameters(layer, job) if store else None,
        "destination": store.memory if store else None,
        "residual": store.residual if store else None,
        "coefficients": _coefficients(layer, store) if store else None,
    }


def _parameters(layer: EngineLayer, job: Job) -> Place | Constant:
    """Return where scales and biases are, or scales alone."""
    if layer.scales is not None:
        return Place(layer.scales, WORD_BYTES * job.channel)
    return Constant("parameters", job.parameters)


def _coefficients(layer: EngineLayer, store: Store) -> Constant | None:
    """Return where the table is that a job loads."""
    if layer.table is None or not store.loads_table:
        return None
    return Constant("parameters", layer.table.offset)


def _compute_fields(job: Job) -> dict[str, Any]:
    c = job.compute
    return {
        "operation": job.operation,
        "first": job.first,
        "fence": job.fence,
        "span": c.span,
        "input_base": c.base,
        "accumulator": job.accumulator,
        "step_x": c.step_x,
        "step_y": c.step_y,
        "position_columns": c.columns,
        "position_rows": job.rows,
        "run_words": c.run,
        "runs_x": c.runs_x,
        "runs_y": c.runs_y,
        "run_pitch_x": c.pitch_x,
        "run_pitch_y": c.pitch_y,
        "tiles": job.tiles,
        "channels": job.outputs,
        "int8": job.lanes > 1,
        "pair_rows": job.pair_rows,
        "int4_weights": job.weights is not None and job.weight_bits == 4,
        "column_stride": c.column_stride if job.reads_rows else 0,
    }


def _load_fields(load: Load | None, lanes: int) -> dict[str, Any]:
    if load is None:
        return {}
    return {
        "load": load.source is not None,
        "fill": load.fill is not None,
        "source_pitch_y": load.row_pitch,
        "source_pitch_x": load.column_pitch,
        "load_rows": load.rows,
        "load_columns": load.columns,
        "load_words": load.words,
        "load_pitch_y": load.pitch,
        "load_base": load.base,
        "load_head": load.head,
        "load_tail": load.tail,
        "fill_value": _word(load.fill or 0.0, lanes),
    }


def _word(value: float, lanes: int) -> float:
    """Return a word of equal values as an FP32 number."""
    if lanes == 1:
        return value
    return float(np.full(lanes, value, np.int8).view("<f4")[0])


def _store_fields(layer: EngineLayer, job: Job) -> dict[str, Any]:
    store = job.store
    if store is None:
        # The engine ignores these fields; they match the C++ builder's defaults.
        rows, columns = job.rows, job.compute.columns
        window = {"window_rows": 1, "window_columns": 1}
        return {"store_rows": rows, "store_columns": columns, **window}
    return {
        "store_memory": store.memory is not None,
        "store_buffer": store.buffer is not None,
        "add_residual": store.residual is not None and not layer.epilogue.product,
        "destination_pitch_x": store.pitch_x,
        "destination_pitch_y": store.pitch_y,
        "store_base": store.buffer or 0,
        "store_pitch_x": store.step_x,
        "store_pitch_y": store.step_y,
        "store_rows": store.rows - job.pair_rows,
        "store_columns": store.columns,
        "window_rows": job.window[0],
        "window_columns": job.window[1],
        **_result_fields(layer, store),
    }


def _result_fields(layer: EngineLayer, store: Store) -> dict[str, Any]:
    if layer.integers is not None:
        return _integer_fields(layer.integers, store)
    low, high = layer.epilogue.bounds
    return {
        "scales_only": layer.scales is not None,
        **_function_fields(layer, store),
        "clamp_low": low,
        "clamp_high": high,
        "slope": layer.epilogue.slope,
    }


def _integer_fields(results: IntegerResults, store: Store) -> dict[str, Any]:
    return {
        "ties_even": results.forms.ties_even,
        "zero_point": results.final_zero_point,
        "integer_low": results.final_clamp.low,
        "integer_high": results.final_clamp.high,
        "apply_table": results.table is not None,
        "load_table": store.loads_table,
    }


def _function_fields(layer: EngineLayer, store: Store) -> dict[str, Any]:
    epilogue, table = layer.epilogue, layer.table
    factor = Factor.OPERAND if epilogue.product else Factor.SLOPE
    if table is None:
        return {"factor": factor}
    if TABLE_FUNCTIONS[epilogue.function].times_value:
        factor = Factor.VALUE
    return {
        "apply_table": True,
        "load_table": store.loads_table,
        "factor": factor,
        "table_reach": table.reach,
        "table_fraction": table.fraction,
    }
