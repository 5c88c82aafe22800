"""A descriptor as calls of the C++ builder; see sw/include/heepstor/engine.hpp."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from modelgen.targets.systolic.abi import Factor, Fence, Operation
from modelgen.targets.systolic.descriptor import Descriptor
from modelgen.targets.systolic.jobs import Place
from modelgen.targets.systolic.lowering import Constant, Lowering

_MAKERS = {
    Operation.MATMUL: "matmul",
    Operation.DEPTHWISE: "depthwise",
    Operation.SUM: "sum",
    Operation.MAX: "max",
}
_FENCES = {Fence.ALL_BUT_LAST: "kAllButLast", Fence.ALL: "kAll"}

Address = Callable[[Place | Constant], str]
"""Returns the C++ expression for an address in memory."""


def plus(name: str, offset: int) -> str:
    """Return "name + offset", or "name" if the offset is 0."""
    return f"{name} + {offset}" if offset else name


def job_calls(lowering: Lowering, address: Address) -> list[str]:
    """Return the call that creates the job, and the calls chained to it."""
    job = lowering.descriptor
    places = {field: address(place) for field, place in lowering.places.items()}
    calls = [f"{_MAKERS[Operation(job.operation)]}({job.channels})"]
    if job.int8:
        calls += _integers(job)
    if job.load or job.fill:
        calls += _load(job, places)
    calls += _compute(job)
    if "weights" in places:
        calls.append(f"weights({places['weights']})")
    if job.int4_weights:
        calls.append("int4_weights()")
    if job.first:
        calls.append("first()")
    if job.stores:
        maker = "scales" if job.scales_only else "parameters"
        calls.append(f"{maker}({places['parameters']})")
        calls += _store(job, places)
        if (job.window_rows, job.window_columns) != (1, 1):
            calls.append(f"window({_pair(job.window_rows, job.window_columns)})")
        calls += _function(job, places)
        calls += _activation(job)
    if job.fence:
        calls.append(f"fence(engine::Fence::{_FENCES[Fence(job.fence)]})")
    return calls


def _integers(job: Descriptor) -> list[str]:
    calls = [f"integers({job.zero_point}, {job.integer_low}, {job.integer_high})"]
    if job.pair_rows:
        calls.append(f"pairs({job.pair_rows})")
    if job.column_stride:
        calls.append(f"columns({job.column_stride})")
    if job.ties_even:
        calls.append("ties_even()")
    return calls


def _pair(first: int, second: int) -> str:
    return f"{{{first}, {second}}}"


def _load(job: Descriptor, places: dict[str, str]) -> list[str]:
    place = [job.load_base, job.load_pitch_y]
    if job.load_head or job.load_tail:
        place += [job.load_head]
    if job.load_tail:
        place += [job.load_tail]
    text = ", ".join(str(value) for value in place)
    shape = _pair(job.load_rows, job.load_columns)
    calls = [f"activations({shape}, {job.load_words}, {{{text}}})"]
    if job.load:
        pitch = _pair(job.source_pitch_y, job.source_pitch_x)
        calls.append(f"load({places['source']}, {pitch})")
    if job.fill:
        calls.append(_fill(job))
    return calls


def _fill(job: Descriptor) -> str:
    if job.int8:
        value = np.array([job.fill_value], "<f4").view(np.int8)[0]
        return f"fill_integers({value})"
    return f"fill({_literal(job.fill_value) if job.fill_value else ''})"


def _compute(job: Descriptor) -> list[str]:
    entry = f", {job.accumulator}" if job.accumulator else ""
    calls = [
        f"input({job.input_base}, {_pair(job.step_y, job.step_x)})",
        f"positions({_pair(job.position_rows, job.position_columns)}{entry})",
    ]
    if job.span:
        calls.append(f"span({job.run_words}, {job.runs_y}, {job.run_pitch_y})")
    else:
        runs, pitch = (job.runs_y, job.runs_x), (job.run_pitch_y, job.run_pitch_x)
        # A depthwise INT8 job needs the pitch of its columns even if its kernel has a single one.
        rest = "" if (runs, pitch) == ((1, 1), (0, 0)) else f", {_pair(*runs)}, {_pair(*pitch)}"
        calls.append(f"runs({job.run_words}{rest})")
    return calls


def _store(job: Descriptor, places: dict[str, str]) -> list[str]:
    pitch = _pair(job.destination_pitch_y, job.destination_pitch_x)
    calls = []
    if job.reads_operand:
        use = "residual" if job.add_residual else "multiply"
        calls.append(f"{use}({places['residual']}, {pitch})")
    if job.store_memory:
        calls.append(f"store_to_memory({places['destination']}, {pitch})")
    if job.store_buffer:
        step = _pair(job.store_pitch_y, job.store_pitch_x)
        calls.append(f"store_to_buffer({job.store_base}, {step})")
    return calls


def _function(job: Descriptor, places: dict[str, str]) -> list[str]:
    calls = [f"table({places['coefficients']})"] if job.load_table else []
    if job.apply_table and job.int8:
        calls.append("bytes()")
    elif job.apply_table:
        use = "gate" if job.factor == Factor.VALUE else "function"
        calls.append(f"{use}({_pair(job.table_reach, job.table_fraction)})")
    return calls


def _activation(job: Descriptor) -> list[str]:
    calls = []
    if job.slope != 1.0:
        calls.append(f"slope({_literal(job.slope)})")
    bounds = job.clamp_low, job.clamp_high
    if bounds == (0.0, math.inf):
        calls.append("relu()")
    elif bounds != (-math.inf, math.inf):
        calls.append(f"clamp({_literal(job.clamp_low)}, {_literal(job.clamp_high)})")
    return calls


def _literal(value: float) -> str:
    if math.isinf(value):
        return "__builtin_inff()" if value > 0 else "-__builtin_inff()"
    return f"{float(value)!r}F"
