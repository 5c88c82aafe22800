"""Tables of functions: which jobs load one, because the engine holds another or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelgen.targets.systolic.jobs import EngineLayer, Job, Table


def with_tables(layers: Sequence[EngineLayer]) -> list[EngineLayer]:
    """Return the layers of a chain, which begins without a table, with the loads of tables."""
    held: Table | None = None
    made = []
    for layer in layers:
        if layer.table is not None and layer.table != held:
            held = layer.table
            layer = replace(layer, jobs=_loading(layer.jobs))
        made.append(layer)
    return made


def _loading(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Return jobs of which the first that stores loads the table."""
    first = next(index for index, job in enumerate(jobs) if job.store is not None)
    store = jobs[first].store
    assert store is not None
    loading = replace(jobs[first], store=replace(store, loads_table=True))
    return (*jobs[:first], loading, *jobs[first + 1 :])
