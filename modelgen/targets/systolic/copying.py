"""Which movements the engine does: those that it finishes before the CPU would."""

from __future__ import annotations

from functools import lru_cache

from modelgen.hardware import Hardware
from modelgen.operators.base import Shape
from modelgen.operators.movement import Movement
from modelgen.targets.systolic.cost import job_cost
from modelgen.targets.systolic.geometry import movement
from modelgen.targets.systolic.tiling.copies import copies
from modelgen.targets.systolic.tiling.cut import Source, Target, with_accumulators
from modelgen.targets.systolic.timing import chain_cycles

_START = 120
"""Cycles in which the CPU starts a chain and learns of its end."""
_MOST_PARTS = 64
"""Parts of a movement: many small ones are better copied by loops than by jobs."""
_MOST_JOBS = 256
"""Jobs of a movement: each has a descriptor of 128 bytes, where the CPU needs a row of a table."""
_REMEMBERED = 4096


@lru_cache(maxsize=_REMEMBERED)
def refusal(operator: Movement, shape: Shape, hardware: Hardware) -> str | None:
    """Return why the engine does not do a movement; None if it does.

    Args:
        operator: the movement.
        shape: of its input.
        hardware: sizes of the engine.
    """
    geometry = movement(operator, shape)
    if len(geometry.parts) > _MOST_PARTS:
        return f"{len(geometry.parts)} separate copies, each of which would be a job of the engine"
    kernel = operator.kernel([shape], {})
    assert kernel is not None
    source = Source("", staging=(0, hardware.buffer_words // 4))
    jobs = copies(geometry, source, Target("", memory=True), hardware)
    if len(jobs) > _MOST_JOBS:
        return f"{len(jobs)} jobs of the engine, of which {_MOST_JOBS} are worth their memory"
    costs = [job_cost(job, hardware) for job in with_accumulators(jobs, 0, hardware)]
    cycles = _START + chain_cycles(costs, hardware)[-1]
    if cycles < kernel.cycles:
        return None
    return f"copies in about {kernel.cycles:.0f} cycles; the engine would take {cycles:.0f}"
