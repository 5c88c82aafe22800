"""Reductions, running sums and indices of extrema, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import agree, graph_of, one, random, refused

X = random(2, 5, 6, 4)


@pytest.mark.parametrize("kind", ["MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM"])
@pytest.mark.parametrize("keeps", [False, True])
def test_reductions(kind: str, keeps: bool) -> None:
    for axes in ([1, 2], [-1], [3, -3], [1, 1]):
        agree(kind, [X], {1: np.array(axes, np.int32)}, keepDims=keeps)
    agree(kind, [X], {1: np.array(2, np.int32)}, keepDims=keeps)


def test_the_mean_of_maps_moves_nothing() -> None:
    graph = graph_of(one("MEAN", [X], {1: np.array([1, 2], np.int32)}), [X])
    assert "Permute" not in {type(node.operator).__name__ for node in graph.nodes}


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_running_sums(exclusive: bool, reverse: bool) -> None:
    axis = np.array(-2, np.int32)
    agree("CUMSUM", [X], {1: axis}, exclusive=exclusive, reverse=reverse)


@pytest.mark.parametrize(("kind", "result"), [("ARG_MAX", "INT32"), ("ARG_MIN", "INT64")])
def test_indices_of_extrema(kind: str, result: str) -> None:
    number = {"INT32": 2, "INT64": 4}[result]
    for axis in (-1, 1):
        constants = {1: np.array(axis, np.int32)}
        agree(kind, [np.round(X)], constants, result=result, outputType=number, exact=True)


def test_dimensions_that_are_not_there_are_refused() -> None:
    found = refused("SUM", [X], {1: np.array([4], np.int32)})
    assert found == "Layer 't2' (SUM) names dimension 4 of a tensor that has 4."
