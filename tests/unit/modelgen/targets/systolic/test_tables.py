"""Which jobs of a chain load a table."""

from __future__ import annotations

from dataclasses import replace

from modelgen.targets.systolic.jobs import EngineLayer, Table
from modelgen.targets.systolic.tables import with_tables
from tests.support.engine_jobs import job, layer, store

ONE, OTHER = Table(0, 4, 25), Table(4096, 3, 25)


def with_table(table: Table | None) -> EngineLayer:
    """Return a layer of three jobs, of which the first stores nothing."""
    return replace(layer(job(), job(store=store()), job(store=store())), table=table)


def loads(*tables: Table | None) -> list[list[bool]]:
    layers = with_tables([with_table(table) for table in tables])
    return [[bool(one.store and one.store.loads_table) for one in layer.jobs] for layer in layers]


def test_the_first_job_that_stores_loads_the_table() -> None:
    assert loads(ONE) == [[False, True, False]]


def test_a_table_is_kept_until_another_one_is_used() -> None:
    found = [any(of_layer) for of_layer in loads(ONE, None, ONE, OTHER, OTHER, ONE)]
    assert found == [True, False, False, True, False, True]


def test_without_functions_nothing_is_loaded() -> None:
    assert not any(map(any, loads(None, None)))
