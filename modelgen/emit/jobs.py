"""One job as calls of the C++ builder, see sw/include/heepstor/engine.hpp."""

from __future__ import annotations

import math
from collections.abc import Callable

from modelgen.plan.image import PARAMETER_BYTES
from modelgen.plan.program import Compute, EngineLayer, Job, Load, Place, Store
from modelgen.targets.systolic.abi import Fence, Operation

_MAKERS = {
    Operation.MATMUL: "matmul",
    Operation.DEPTHWISE: "depthwise",
    Operation.SUM: "sum",
    Operation.MAX: "max",
}
_FENCES = {Fence.ALL_BUT_LAST: "kAllButLast", Fence.ALL: "kAll"}

Address = Callable[[Place], str]
"""Gives the C++ expression of a place in memory."""


def plus(name: str, offset: int) -> str:
    """Return "name + offset"."""
    return f"{name} + {offset}" if offset else name


def job_calls(layer: EngineLayer, job: Job, address: Address) -> list[str]:
    """Return the function that makes the job and the calls that follow it."""
    calls = [f"{_MAKERS[job.operation]}({job.outputs})"]
    if job.load is not None:
        calls += _load(job.load, address)
    calls += _compute(job.compute, job.accumulator)
    if job.weights is not None:
        calls.append(f"weights({plus('model_weights', job.weights)})")
    if job.first:
        calls.append("first()")
    if job.store is not None:
        block = layer.parameters_offset + PARAMETER_BYTES * job.channel
        calls.append(f"parameters({plus('model_parameters', block)})")
        calls += _store(job.store, address)
        if job.window != (1, 1):
            calls.append(f"window({_pair(*job.window)})")
        calls += _activation(layer)
    if job.fence:
        calls.append(f"fence(engine::Fence::{_FENCES[job.fence]})")
    return calls


def _pair(first: int, second: int) -> str:
    return f"{{{first}, {second}}}"


def _load(load: Load, address: Address) -> list[str]:
    place = [load.base, load.pitch]
    if load.head or load.tail:
        place += [load.head]
    if load.tail:
        place += [load.tail]
    text = ", ".join(str(value) for value in place)
    calls = [f"activations({_pair(load.rows, load.columns)}, {load.words}, {{{text}}})"]
    if load.source is not None:
        calls.append(f"load({address(load.source)}, {_pair(load.row_pitch, load.column_pitch)})")
    if load.fill is not None:
        calls.append(f"fill({_literal(load.fill) if load.fill else ''})")
    return calls


def _compute(compute: Compute, accumulator: int) -> list[str]:
    c = compute
    entry = f", {accumulator}" if accumulator else ""
    calls = [
        f"input({c.base}, {_pair(c.step_y, c.step_x)})",
        f"positions({_pair(c.rows, c.columns)}{entry})",
    ]
    if c.span:
        calls.append(f"span({c.run}, {c.runs_y}, {c.pitch_y})")
    elif c.runs_y == c.runs_x == 1:
        calls.append(f"runs({c.run})")
    else:
        runs, pitch = _pair(c.runs_y, c.runs_x), _pair(c.pitch_y, c.pitch_x)
        calls.append(f"runs({c.run}, {runs}, {pitch})")
    return calls


def _store(store: Store, address: Address) -> list[str]:
    pitch = _pair(store.pitch_y, store.pitch_x)
    calls = []
    if store.residual is not None:
        calls.append(f"residual({address(store.residual)}, {pitch})")
    if store.memory is not None:
        calls.append(f"store_to_memory({address(store.memory)}, {pitch})")
    if store.buffer is not None:
        calls.append(f"store_to_buffer({store.buffer}, {_pair(store.step_y, store.step_x)})")
    return calls


def _activation(layer: EngineLayer) -> list[str]:
    low, high = layer.epilogue.bounds
    calls = []
    if layer.epilogue.slope != 1.0:
        calls.append(f"slope({_literal(layer.epilogue.slope)})")
    if (low, high) == (0.0, math.inf):
        calls.append("relu()")
    elif (low, high) != (-math.inf, math.inf):
        calls.append(f"clamp({_literal(low)}, {_literal(high)})")
    return calls


def _literal(value: float) -> str:
    if math.isinf(value):
        return "__builtin_inff()" if value > 0 else "-__builtin_inff()"
    return f"{float(value)!r}F"
