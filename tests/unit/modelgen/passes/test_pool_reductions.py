"""Means and maxima over a dimension become poolings where the engine is faster."""

from __future__ import annotations

import pytest
import torch

from modelgen.frontends.torch_export.importer import import_model
from modelgen.hardware import Hardware
from modelgen.passes.pool_reductions import pool_reductions
from modelgen.passes.simplify import simplify
from tests.support.imported import operators
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, Function, check_device

REDUCTIONS = {
    "maximum": lambda x: x.amax(1),
    "mean": lambda x: x.mean(1),
    "kept": lambda x: x.mean(1, keepdim=True),
    "values": lambda x: x.max(1)[0],
}


@pytest.mark.parametrize("hardware", [Hardware(), SMALL], ids=["default", "small"])
@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("shape", [(40, 9), (300, 4), (17, 40)])
def test_the_device_computes_the_same(
    name: str, shape: tuple[int, ...], hardware: Hardware
) -> None:
    graph = check_device(Function(REDUCTIONS[name]), shape, 2, hardware)
    assert {"avg_pool2d", "max_pool2d"} & set(operators(graph))
    assert "reduce" not in operators(graph)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: x.amax(1), (30, 8)),
        (lambda x: x.amax(1), (300, 3)),
        (lambda x: x.amin(1), (40, 9)),
        (lambda x: x.sum(1), (40, 9)),
    ],
    ids=["little", "narrow", "minimum", "sum"],
)
def test_what_stays_on_the_cpu(function: object, shape: tuple[int, ...]) -> None:
    graph = simplify(import_model(Function(function), shape, 1))
    assert "reduce" in operators(graph)


def test_names_that_are_taken() -> None:
    model = Function(lambda x: torch.cat([x.amax(1), (x + 1).amax(1)], 1))
    graph = pool_reductions(import_model(model, (40, 9), 1))
    again = pool_reductions(graph)
    assert again.nodes == graph.nodes and len({n.output for n in graph.nodes}) == len(graph.nodes)
