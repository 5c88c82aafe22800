"""Channels are taken in ascending order: readers have their weights reordered, results stay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir.execute import run_graph
from modelgen.ir.graph import Graph
from modelgen.operators import Take
from modelgen.passes.order_channels import order_channels
from modelgen.passes.simplify import SIMPLIFICATIONS, simplify
from tests.support.imported import operators
from tests.unit.modelgen.plan.test_cpu_layers import Function

ODD_FIRST = [5, 1, 3, 0, 2, 4]


def before(model: nn.Module, *shape: int) -> Graph:
    """Return the graph that the pass is given."""
    torch.manual_seed(1)
    graph = import_model(model.eval(), shape, 1)
    for simplification in SIMPLIFICATIONS[: SIMPLIFICATIONS.index(order_channels)]:
        graph = simplification(graph)
    return graph


def check(graph: Graph) -> Graph:
    """Assert that the pass keeps the results; return the graph after it."""
    after = order_channels(graph)
    shape = graph.tensors[graph.inputs[0]].shape
    values = np.random.default_rng(0).standard_normal((3, *shape[1:])).astype(np.float32)
    np.testing.assert_allclose(run_graph(after, values), run_graph(graph, values), atol=1e-5)
    return after


def chosen(graph: Graph) -> list[tuple[int, ...]]:
    """Return the channels that are taken, by each that takes some."""
    return [n.operator.selected[0] for n in graph.nodes if isinstance(n.operator, Take)]


def scaled(x: torch.Tensor, one: nn.Module) -> torch.Tensor:
    chosen = x[:, ODD_FIRST]
    return one(chosen) * chosen


def readers() -> dict[str, tuple[Callable[..., torch.Tensor], list[nn.Module]]]:
    conv = nn.Conv2d(6, 3, 3)
    depthwise = nn.Conv2d(6, 6, 3, groups=6), nn.BatchNorm2d(6), nn.Conv2d(6, 2, 1)
    return {
        "conv": (lambda x, one: one(x[:, ODD_FIRST]), [conv]),
        "depthwise": (lambda x, one: one(x[:, ODD_FIRST]), [nn.Sequential(*depthwise)]),
        "pooling": (
            lambda x, one: one(torch.sigmoid(functional.avg_pool2d(x[:, ODD_FIRST], 2))),
            [conv],
        ),
        "features": (
            lambda x, one: one(functional.avg_pool2d(x[:, ODD_FIRST], 8).flatten(1)),
            [nn.Linear(6, 4)],
        ),
        "beside": (
            lambda x, one, other: other(torch.cat([one(x), x[:, ODD_FIRST]], 1)),
            [nn.Conv2d(6, 2, 1), nn.Conv2d(8, 3, 1)],
        ),
        "sum": (lambda x, one: one(x[:, ODD_FIRST]) + x[:, :3], [nn.Conv2d(6, 3, 1)]),
    }


@pytest.mark.parametrize("name", readers())
def test_readers_that_can_do_with_any_order(name: str) -> None:
    function, layers = readers()[name]
    graph = before(Function(function, *layers), 6, 8, 8)
    assert tuple(ODD_FIRST) in chosen(graph)
    assert tuple(ODD_FIRST) not in chosen(check(graph)), "nothing is left to move"


@pytest.mark.parametrize(
    "function",
    [
        lambda x, one: x[:, ODD_FIRST],
        scaled,
        lambda x, one: torch.softmax(x[:, ODD_FIRST], 1),
        lambda x, one: x[:, ODD_FIRST] + x,
    ],
    ids=["output", "also a factor", "softmax", "sum"],
)
def test_others_need_their_order(function: Callable[..., torch.Tensor]) -> None:
    graph = before(Function(function, nn.Conv2d(6, 6, 1)), 6, 4, 4)
    assert chosen(check(graph)).count(tuple(ODD_FIRST)) == chosen(graph).count(tuple(ODD_FIRST)) > 0


def test_an_output_keeps_its_order() -> None:
    graph = before(Function(lambda x: x[:, ODD_FIRST]), 6)
    assert chosen(check(graph)) == [tuple(ODD_FIRST)]


def test_a_selection_of_what_was_sorted_follows() -> None:
    def selected(x: torch.Tensor, one: nn.Module, other: nn.Module) -> torch.Tensor:
        both = torch.cat([x[:, ODD_FIRST], one(x)], 1)
        return other(both[:, [7, 0, 3, 2]])

    graph = before(Function(selected, nn.Conv2d(6, 2, 1), nn.Conv2d(4, 3, 1)), 6, 4, 4)
    assert chosen(check(graph)) == [(0, 3, 5, 7)]


def test_selections_of_what_was_sorted_follow() -> None:
    def shuffled(x: torch.Tensor, one: nn.Module, other: nn.Module) -> torch.Tensor:
        left, right = functional.channel_shuffle(x, 2).chunk(2, 1)
        both = functional.channel_shuffle(torch.cat([left, one(right)], 1), 2)
        return other(both[:, 2:7])

    graph = before(Function(shuffled, nn.Conv2d(4, 4, 1), nn.Conv2d(5, 3, 1)), 8, 4, 4)
    after = check(graph)
    assert chosen(after) == [(0, 1, 4, 5), (2, 3, 6, 7), (1, 2, 3, 5, 6)]


def test_a_layer_that_is_used_twice_keeps_its_weights() -> None:
    function = Function(lambda x, one: one(x[:, ODD_FIRST]) + one(x), nn.Conv2d(6, 3, 1))
    check(before(function, 6, 4, 4))


def test_a_shuffle_of_all_channels_costs_nothing() -> None:
    layers = nn.Conv2d(3, 8, 1), nn.ChannelShuffle(4), nn.Conv2d(8, 4, 3)
    graph = simplify(import_model(nn.Sequential(*layers).eval(), (3, 6, 6), 1))
    assert operators(graph)[:2] == ["conv2d", "conv2d"]
