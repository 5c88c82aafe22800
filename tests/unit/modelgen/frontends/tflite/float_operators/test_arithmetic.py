"""Arithmetic and comparisons, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import agree, graph_of, one, random

X, Y = random(2, 3, 4), random(2, 3, 4, seed=2)


@pytest.mark.parametrize(
    "kind", ["ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SQUARED_DIFFERENCE", "SUB"]
)
def test_two_tensors(kind: str) -> None:
    agree(kind, [X, Y], exact=True)
    for constant in (Y[0, 0], Y[:, :1], np.float32(0.5).reshape(()), np.float32([-0.5])):
        agree(kind, [X], {1: constant}, exact=True)
        agree(kind, [X], {0: constant}, exact=True)


def test_a_bound_is_part_of_a_layer() -> None:
    graph = graph_of(one("MAXIMUM", [X], {0: np.float32([0.25])}), [X])
    assert [type(node.operator).__name__ for node in graph.nodes] == ["Pointwise"]


def test_powers() -> None:
    for exponent in (2.0, 3.0, 0.5, -1.0):
        agree("POW", [np.abs(X)], {1: np.array(exponent, np.float32)})
    agree("POW", [np.abs(X), Y])
    agree("POW", [X], {1: np.full((2, 1, 1, 1), 2, np.float32)})


def test_floors_of_quotients() -> None:
    agree("FLOOR_DIV", [X, Y], exact=True)


def test_sums() -> None:
    agree("ADD_N", [X, Y, X], exact=True)


@pytest.mark.parametrize(
    "kind", ["EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"]
)
def test_comparisons(kind: str) -> None:
    agree(kind, [np.round(X), np.round(Y)], result="BOOL", exact=True)


def test_masks() -> None:
    left, right = X > 0, Y > 0
    for kind in ("LOGICAL_AND", "LOGICAL_OR"):
        agree(kind, [left, right], result="BOOL", exact=True)
    agree("LOGICAL_NOT", [left], result="BOOL", exact=True)


def test_choices() -> None:
    mask = X > 0
    agree("SELECT", [mask, X, Y], exact=True)
    agree("SELECT", [np.array([True, False]), X, Y], exact=True)
    agree("SELECT_V2", [mask[:, :, :1], X], {2: np.array(0.5, np.float32)}, exact=True)
