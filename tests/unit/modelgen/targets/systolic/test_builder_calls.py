"""Descriptors as calls of the C++ builder: one call a property, none for what is the default."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic.abi import Fence, Operation
from modelgen.targets.systolic.builder_calls import job_calls, plus
from modelgen.targets.systolic.jobs import EngineLayer, Place, Table
from modelgen.targets.systolic.lowering import Constant, Lowering, lower_job
from tests.support import networks
from tests.support.builder_host import built
from tests.support.engine_jobs import compute, job, layer, load, store
from tests.support.integer_networks import random_network


def address(place: Place | Constant) -> str:
    name = place.section if isinstance(place, Constant) else place.tensor
    return plus(name, place.offset)


def calls(*, epilogue: dict | None = None, **changes: object) -> list[str]:
    made = job(**changes)
    return job_calls(lower_job(layer(made, **(epilogue or {})), made), address)


def test_offsets_of_zero_are_not_written() -> None:
    assert plus("arena", 0) == "arena"
    assert plus("arena", 12) == "arena + 12"


def test_the_least_that_a_job_says() -> None:
    assert calls(first=False) == [
        "matmul(10)",
        "input(0, {30, 9})",
        "positions({2, 3})",
        "runs(9)",
    ]


def test_functions_and_products() -> None:
    made = job(store=store(loads_table=True, residual=Place("r")))
    found = replace(layer(made, function="tanh", product=True), table=Table(512, 3, 25), scales="v")
    said = job_calls(lower_job(found, made), address)
    for call in ("scales(v)", "table(parameters + 512)", "function({3, 25})"):
        assert call in said
    assert "multiply(r, {120, 40})" in said
    gate = replace(layer(made, function="silu"), table=Table(0, 4, 25))
    assert "gate({4, 25})" in job_calls(lower_job(gate, made), address)


def test_all_that_a_job_can_say() -> None:
    found = calls(
        operation=Operation.DEPTHWISE,
        compute=compute(base=5, runs_y=3, runs_x=2, pitch_y=30, pitch_x=12),
        accumulator=16,
        load=load(head=7, tail=2, fill=0.0),
        weights=64,
        parameters=320,
        store=store(residual=Place("r"), buffer=500, step_y=60, step_x=20),
        window=(2, 1),
        fence=Fence.ALL_BUT_LAST,
        epilogue={"slope": 0.25, "low": 0.0, "high": 6.0},
    )
    assert found == [
        "depthwise(10)",
        "activations({2, 3}, 9, {100, 30, 7, 2})",
        "load(x + 8, {108, 36})",
        "fill()",
        "input(5, {30, 9})",
        "positions({2, 3}, 16)",
        "runs(9, {3, 2}, {30, 12})",
        "weights(weights + 64)",
        "first()",
        "parameters(parameters + 320)",
        "residual(r, {120, 40})",
        "store_to_memory(y + 40, {120, 40})",
        "store_to_buffer(500, {60, 20})",
        "window({2, 1})",
        "slope(0.25F)",
        "clamp(0.0F, 6.0F)",
        "fence(engine::Fence::kAllButLast)",
    ]


@pytest.mark.parametrize(
    ("epilogue", "call"),
    [
        ({}, None),
        ({"low": 0.0}, "relu()"),
        ({"low": -1.5}, "clamp(-1.5F, __builtin_inff())"),
        ({"high": 6.0}, "clamp(-__builtin_inff(), 6.0F)"),
    ],
)
def test_bounds(epilogue: dict, call: str | None) -> None:
    behind = calls(store=store(), epilogue=epilogue)
    behind = behind[behind.index("store_to_memory(y + 40, {120, 40})") + 1 :]
    assert behind == ([call] if call else [])


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, "{100, 30}"),
        ({"head": 7}, "{100, 30, 7}"),
        ({"tail": 2}, "{100, 30, 0, 2}"),
    ],
)
def test_head_and_tail_of_a_load(changes: dict, place: str) -> None:
    assert f"activations({{2, 3}}, 9, {place})" in calls(load=load(**changes))


def test_what_a_frame_is_filled_with() -> None:
    found = calls(load=load(source=None, fill=-math.inf))
    assert "fill(-__builtin_inff())" in found
    assert not any(call.startswith("load(") for call in found)


def test_a_span() -> None:
    assert "span(9, 3, 30)" in calls(compute=compute(span=True, runs_y=3, pitch_y=30))


def test_columns_of_a_kernel_of_one() -> None:
    """Depthwise INT8 jobs need their pitch; the engine refuses them without it."""
    assert "runs(9, {1, 1}, {0, 9})" in calls(compute=compute(pitch_x=9))


def graphs() -> Iterator[Graph]:
    yield networks.dscnn()
    yield networks.resnet8()
    yield networks.cifar10()
    for seed in range(100):
        yield random_network(seed)[1]


def lowerings(graph: Graph, hardware: Hardware) -> Iterator[Lowering]:
    for chain in compile_graph(graph, hardware).segments:
        for each in chain.layers:
            if isinstance(each, EngineLayer):
                yield from (lower_job(each, made) for made in each.jobs)


def test_the_builder_makes_the_same_bytes_of_the_jobs_of_networks(tmp_path: Path) -> None:
    hardware = Hardware(array_size=8, accumulator_depth=128)
    found = [each for graph in graphs() for each in lowerings(graph, hardware)]
    addresses: dict[Place | Constant, int] = {}

    def place(of: Place | Constant) -> int:
        return addresses.setdefault(of, 16 * (len(addresses) + 1))

    calls = [job_calls(each, lambda of: f"{place(of)}u") for each in found]
    wanted = [each.resolved(place) for each in found]
    kinds = {(each.operation, each.int8, each.int4_weights, each.stores) for each in wanted}
    assert len(kinds) >= 10
    for said, made, job_wanted in zip(calls, built(calls, tmp_path), wanted, strict=True):
        assert made == job_wanted.pack(), said
