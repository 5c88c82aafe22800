"""Products of matrices, beside LiteRT."""

from __future__ import annotations

import pytest

from tests.support.tflite_floats import agree, graph_of, one, random, refused

X = random(2, 3, 4)


def test_linear_layers() -> None:
    agree("FULLY_CONNECTED", [X], {1: random(5, 4), 2: random(5)}, keepNumDims=True)
    agree("FULLY_CONNECTED", [X], {1: random(5, 4), 2: random(5)}, fusedActivationFunction=1)
    agree("FULLY_CONNECTED", [X], {1: random(5, 12)})
    agree("FULLY_CONNECTED", [X[0], random(3, 4, seed=2)])


def test_a_linear_layer_is_one_layer() -> None:
    data = one("FULLY_CONNECTED", [X[0]], {1: random(5, 4), 2: random(5)})
    (node,) = graph_of(data, [X[0]]).nodes
    assert type(node.operator).__name__ == "Linear"


@pytest.mark.parametrize(("adj_x", "adj_y"), [(False, False), (True, False), (False, True)])
def test_batches_of_matrices(adj_x: bool, adj_y: bool) -> None:
    left = X.transpose(0, 2, 1) if adj_x else X
    right = random(2, 4, 5).transpose(0, 2, 1) if adj_y else random(2, 4, 5)
    agree("BATCH_MATMUL", [left.copy(), right.copy()], adjX=adj_x, adjY=adj_y)


def test_constant_matrices() -> None:
    agree("BATCH_MATMUL", [X], {1: random(4, 5)})


def test_weights_that_do_not_fit_are_refused() -> None:
    found = refused("FULLY_CONNECTED", [X], {1: random(5, 7)})
    assert "has weights [5, 7], which do not fit [2, 3, 4]" in found
    found = refused("FULLY_CONNECTED", [X], {1: random(5, 4)}, weightsFormat=1)
    assert "has shuffled weights" in found
