"""Movements in sequence become one, and those that move nothing go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import (
    Concatenate,
    Expand,
    Operator,
    Pad,
    Permute,
    Pointwise,
    Reshape,
    Slice,
    Take,
)
from modelgen.operators.base import Cut
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.fold_movements import fold_movements

RELU = Pointwise(Epilogue(low=0.0))
SHAPE = (1, 2, 3, 4)
WHOLE = Slice((0, 0, 0, 0), SHAPE, (1, 1, 1, 1))
ROWS = Slice((0, 1, 0, 0), (1, 1, 3, 4), (1, 1, 1, 1))
REVERSED = Slice((0, 0, 2, 0), (1, 2, 3, 2), (1, 1, -1, 3))


def chain(*operators: Operator) -> Graph:
    """Return operators one after another; each is named by its place."""
    tensors, nodes, source = {"x": Tensor("x", SHAPE)}, [], "x"
    for index, operator in enumerate(operators):
        name = f"n{index}"
        tensors[name] = Tensor(name, operator.infer_shape([tensors[source].shape], {}))
        nodes.append(Node(name, operator, (source,), name))
        source = name
    return Graph(("x",), (source,), 1, tuple(nodes), tensors, {})


def result(graph: Graph) -> np.ndarray:
    """Return the output for distinct values."""
    tensors = {"x": np.arange(24, dtype=np.float32).reshape(SHAPE)}
    for node in graph.nodes:
        inputs = [tensors[name] for name in node.inputs]
        values = node.operator.evaluate_exact(inputs, {}, Cut(8))
        tensors[node.output] = values.reshape(graph.tensors[node.output].shape)
    return tensors[graph.outputs[0]]


@pytest.mark.parametrize(
    ("operators", "left"),
    [
        ((WHOLE, RELU), [RELU]),
        ((RELU, Pad((0, 0, 0, 0), (0, 0, 0, 0))), [RELU]),
        ((Take((1,), ((0, 1),)), RELU), [RELU]),
        ((Expand(SHAPE), RELU), [RELU]),
        ((Permute((0, 1, 2, 3)), RELU), [RELU]),
        ((Permute((0, 2, 3, 1)), Permute((0, 3, 1, 2)), RELU), [RELU]),
        ((Permute((0, 2, 3, 1)), Permute((0, 2, 1, 3))), [Permute((0, 3, 2, 1))]),
        (
            (REVERSED, Slice((0, 1, 1, 0), (1, 1, 2, 2), (1, 1, 1, 1))),
            [Slice((0, 1, 1, 0), (1, 1, 2, 2), (1, 1, -1, 3))],
        ),
        ((ROWS, Expand((1, 5, 3, 4))), [Slice((0, 1, 0, 0), (1, 5, 3, 4), (1, 0, 1, 1))]),
        (
            (Take((2,), ((2, 0, 0),)), Take((2, 3), ((1, 0), (3, 1, 1)))),
            [Take((2, 3), ((0, 2), (3, 1, 1)))],
        ),
        ((ROWS, RELU, Slice((0, 0, 0, 0), (1, 1, 3, 4), (1, 1, 1, 1))), [ROWS, RELU]),
        ((Pad((0, 1, 0, 0), (0, 0, 0, 0)), ROWS), [Pad((0, 1, 0, 0), (0, 0, 0, 0)), ROWS]),
        ((Permute((0, 2, 3, 1)), Slice((0,) * 4, (1, 1, 4, 2), (1,) * 4)), None),
    ],
)
def test_what_is_left(operators: tuple[Operator, ...], left: list[Operator] | None) -> None:
    graph = chain(*operators)
    folded = fold_movements(graph)
    np.testing.assert_array_equal(result(folded), result(graph))
    if left is None:
        assert folded == graph
        return
    assert [node.operator for node in folded.nodes] == left


@pytest.mark.parametrize(
    ("split", "axes", "left"),
    [
        ((1, 2, 3, 2, 2), (0, 1, 2, 4, 3), [Take((3,), ((0, 2, 1, 3),))]),
        ((1, 2, 3, 2, 2), (0, 2, 1, 3, 4), None),
    ],
    ids=["channels", "rows and columns"],
)
def test_what_reshapes_and_a_permutation_select(
    split: tuple[int, ...], axes: tuple[int, ...], left: list[Operator] | None
) -> None:
    shape = (1, 3, 2, 4) if left is None else SHAPE
    graph = chain(RELU, Reshape(split), Permute(axes), Reshape(shape), RELU)
    folded = fold_movements(graph)
    np.testing.assert_array_equal(result(folded), result(graph))
    if left is None:
        assert folded == graph
    else:
        assert [node.operator for node in folded.nodes] == [RELU, *left, RELU]


def test_shuffles_that_undo_each_other() -> None:
    shuffle = Reshape((1, 2, 3, 2, 2)), Permute((0, 1, 2, 4, 3)), Reshape(SHAPE)
    folded = fold_movements(chain(RELU, *shuffle, *shuffle, RELU))
    assert [node.operator for node in folded.nodes] == [RELU, RELU]


def test_a_permutation_that_others_read_is_no_selection() -> None:
    graph = chain(Reshape((1, 2, 3, 2, 2)), Permute((0, 1, 2, 4, 3)), Reshape(SHAPE))
    tensors = {**graph.tensors, "y": Tensor("y", (1, 2, 3, 2, 2))}
    other = Node("y", RELU, ("n1",), "y")
    both = replace(graph, nodes=(*graph.nodes, other), tensors=tensors, outputs=("n2", "y"))
    assert fold_movements(both) == both


def test_many_in_sequence() -> None:
    turn = Permute((0, 2, 3, 1))
    assert len(fold_movements(chain(*[turn] * 2000)).nodes) == 1
    assert not fold_movements(chain(*[turn] * 2001)).nodes


def test_a_movement_that_others_read_stays_for_them() -> None:
    graph = chain(ROWS, Slice((0, 0, 0, 3), (1, 1, 3, 1), (1, 1, 1, 1)))
    total = Node("sum", Pointwise(Epilogue(residual=True)), ("n0", "n0"), "sum")
    joined = Node("all", Concatenate(), ("n1", "sum"), "all")
    tensors = dict(graph.tensors)
    tensors |= {"sum": Tensor("sum", (1, 1, 3, 4)), "all": Tensor("all", (1, 1, 3, 5))}
    graph = Graph(("x",), ("all",), 1, (*graph.nodes, total, joined), tensors, {})
    folded = fold_movements(graph)
    assert [node.inputs for node in folded.nodes] == [("x",), ("x",), ("n0",) * 2, ("n1", "sum")]
