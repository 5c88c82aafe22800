"""Permutations that undo each other are dropped, with the activations between them kept."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from modelgen.ir.execute import run_graph
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.operators import Elementwise, Operator, Permute, Pointwise, Softmax
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.fold_permute import fold_permute
from modelgen.passes.fuse_pointwise import fuse_pointwise
from tests.support.imported import operators
from tests.support.same import Function
from tests.support.same import check_same as check_imported

LAST, FIRST = Permute((0, 3, 1, 2)), Permute((0, 2, 3, 1))
RELU = Pointwise(Epilogue(low=0.0))


def chain(*operators: Operator) -> Graph:
    """Operators one after another on maps of 2 x 3 x 4; each named by its place."""
    tensors, nodes, source = {"x": Tensor("x", (1, 2, 3, 4))}, [], "x"
    for index, operator in enumerate(operators):
        name = f"n{index}"
        shape = operator.infer_shape([tensors[source].shape], {})
        tensors[name] = Tensor(name, shape)
        nodes.append(Node(name, operator, (source,), name))
        source = name
    return Graph(("x",), (source,), 1, tuple(nodes), tensors, {})


def check_same(one: Graph, other: Graph) -> None:
    values = np.random.default_rng(0).standard_normal((2, 2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(run_graph(one, values), run_graph(other, values))


@pytest.mark.parametrize("between", [[], [RELU], [RELU, Elementwise("tanh")]])
def test_a_pair_goes_and_what_is_between_stays(between: list[Operator]) -> None:
    graph = chain(LAST, *between, FIRST, RELU)
    folded = fold_permute(graph)
    assert [node.operator for node in folded.nodes] == [*between, RELU]
    assert all(folded.tensors[node.output].shape == (1, 2, 3, 4) for node in folded.nodes)
    check_same(graph, folded)


def test_permutations_that_do_not_undo_each_other_stay() -> None:
    folded = fold_permute(chain(RELU, LAST, LAST))
    assert [node.operator for node in folded.nodes] == [RELU, FIRST]
    check_same(chain(RELU, LAST, LAST), folded)


def test_three_of_which_two_undo_each_other() -> None:
    graph = chain(RELU, LAST, FIRST, LAST)
    folded = fold_permute(graph)
    assert [node.operator for node in folded.nodes] == [RELU, LAST]
    check_same(graph, folded)


def test_a_permutation_that_others_read_stays() -> None:
    """The activation is not moved before it, as the others want its values without."""
    graph = chain(RELU, LAST, RELU)
    other = Node("sum", Pointwise(Epilogue(residual=True)), ("n2", "n1"), "sum")
    tensors = {**graph.tensors, "sum": Tensor("sum", graph.tensors["n2"].shape)}
    graph = graph.with_nodes([*graph.nodes, other], tensors=tensors, outputs=("sum",))
    assert fold_permute(graph) == graph


def test_what_is_moved_keeps_its_elements() -> None:
    graph = chain(RELU, LAST, RELU)
    small = cast("ElementType", "a smaller element")
    tensors = {name: replace(tensor, element=small) for name, tensor in graph.tensors.items()}
    folded = fold_permute(replace(graph, tensors=tensors))
    assert [node.operator for node in folded.nodes] == [RELU, RELU, LAST]
    assert {tensor.element for tensor in folded.tensors.values()} == {small}


def test_an_input_that_all_read_permuted_is_the_callers_to_permute() -> None:
    softmax = chain(FIRST, Softmax())
    folded = fold_permute(softmax)
    assert [node.operator for node in folded.nodes] == [Softmax()]
    assert folded.orders == {"x": (0, 2, 3, 1)} and folded.tensors["x"].shape == (1, 3, 4, 2)
    assert fold_permute(replace(softmax, orders={"x": (0, 3, 1, 2)})).orders == {}


def test_features_of_linear_layers_are_reordered() -> None:
    layers = nn.Flatten(), nn.ReLU(), nn.BatchNorm1d(432), nn.Tanh(), nn.Linear(432, 5)
    graph = check_imported(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), *layers))
    folded = fold_permute(graph)
    assert "permute" in operators(graph) and "permute" not in operators(folded)
    values = np.random.default_rng(0).standard_normal((2, 432)).astype(np.float32)
    np.testing.assert_allclose(run_graph(graph, values), run_graph(folded, values), atol=1e-4)


def test_features_that_are_added_to_the_outputs_stay() -> None:
    """As a residual they have the order of the outputs, which are not reordered."""

    def added(x: torch.Tensor) -> torch.Tensor:
        features = torch.relu(conv(x)).flatten(1)
        return linear(features) + features

    conv, linear = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(432, 432)
    graph = fuse_pointwise(check_imported(Function(added)))
    assert [len(node.inputs) for node in graph.nodes if node.operator.name == "linear"] == [2]
    values = np.random.default_rng(0).standard_normal((2, 432)).astype(np.float32)
    folded = run_graph(fold_permute(graph), values)
    np.testing.assert_allclose(run_graph(graph, values), folded, atol=1e-4)


def test_features_that_something_else_reads_stay() -> None:
    layers = nn.Flatten(), nn.Linear(432, 5)
    graph = check_imported(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), *layers))
    (flat,) = (node for node in graph.nodes if node.operator.name == "reshape")
    both = replace(graph, outputs=(*graph.outputs, flat.output))
    assert "permute" in operators(fold_permute(both))
