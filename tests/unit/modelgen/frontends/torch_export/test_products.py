"""Matrix products: linear layers where one factor is constant, else products of activations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from modelgen.ir.graph import Graph
from tests.support.refused import check_message
from tests.support.same import Function, check_same

MATRIX = torch.linspace(-1, 1, 42).reshape(6, 7).cos()
BATCH = torch.linspace(-1, 1, 84).reshape(2, 6, 7).cos()


def kinds(graph: Graph) -> list[str]:
    return [node.operator.name for node in graph.nodes if node.operator.takes_time]


LINEAR: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], tuple[int, ...]]] = {
    "matmul": (lambda x: x @ MATRIX, (5, 6)),
    "rows": (lambda x: x @ MATRIX, (6,)),
    "vector": (lambda x: x @ MATRIX[:, 0], (5, 6)),
    "mm": (lambda x: torch.mm(x, MATRIX), (6,)),
    "addmm": (lambda x: torch.addmm(MATRIX[0], x, MATRIX), (6,)),
    "running-sums": (lambda x: x.cumsum(-1), (5, 6)),
    "running-sums-of-columns": (lambda x: x.transpose(1, 2).cumsum(1).transpose(1, 2), (5, 6)),
    "addmm-scaled": (lambda x: torch.addmm(MATRIX[0], x, MATRIX, beta=2, alpha=0.5), (6,)),
}


@pytest.mark.parametrize(("function", "shape"), LINEAR.values(), ids=LINEAR)
def test_products_with_a_constant_are_linear_layers(
    function: Callable[[torch.Tensor], torch.Tensor], shape: tuple[int, ...]
) -> None:
    graph = check_same(Function(function), batch=2, shape=shape)
    assert kinds(graph) == ["linear"]


ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "matmul": lambda x: x @ x.transpose(-1, -2),
    "matmul-transposed": lambda x: x.mT @ x,
    "bmm": lambda x: torch.bmm(x, x.transpose(1, 2)),
    "baddbmm": lambda x: torch.baddbmm(x @ x.mT, x, x.mT),
    "vector": lambda x: x @ x.sum((0, 1)),
    "vector-first": lambda x: x.sum((0, 2)) @ x,
    "constant-first": lambda x: MATRIX[:, :5] @ x,
    "batch-of-constants": lambda x: x @ BATCH,
    "einsum": lambda x: torch.einsum("bij,bkj->bik", x, x + 1),
    "einsum-of-one-matrix": lambda x: torch.einsum("bij, jk -> kib", x, MATRIX),
    "einsum-without-a-sum": lambda x: torch.einsum("bi,bj->bij", x.sum(1), x.sum(2)),
    "einsum-of-two": lambda x: torch.einsum("bij,bij->b", x, x),
    "running-sums-of-integers": lambda x: (x > 0).cumsum(1),
    "addmm": lambda x: torch.addmm(x.sum((0, 1)), x.flatten(1), x.flatten(1).T @ x.sum(1)),
}


@pytest.mark.parametrize("function", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_products_of_activations_run_on_the_cpu(
    function: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    graph = check_same(Function(function), batch=2, shape=(5, 6))
    assert "matmul" in kinds(graph)


def test_the_product_of_two_vectors() -> None:
    check_same(Function(lambda x: torch.dot(x.flatten(), x.flatten())), shape=(5,))


def test_a_transposed_factor_is_not_moved() -> None:
    graph = check_same(Function(lambda x: x @ x.mT @ x), batch=2, shape=(5, 6))
    assert kinds(graph) == ["matmul", "matmul"]
    assert [node.operator.transposed for node in graph.nodes] == [True, False]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: torch.einsum("bij->bi", x), "has the equation 'bij->bi'"),
        (lambda x: torch.einsum("bij,bk->bi", x, x.sum(1)), "is in both"),
        (lambda x: torch.einsum("bii,bij->b", x @ x.mT, x), "is in both"),
        (lambda x: torch.baddbmm(x @ x.mT, x, x.mT, alpha=2), "scales a product of activations"),
        (lambda x: torch.addmm(BATCH[:, 0], x.sum(1), MATRIX), "adds a bias of each row"),
    ],
)
def test_what_is_refused(function: object, message: str) -> None:
    check_message(Function(function), (5, 6), message, batch=2)
