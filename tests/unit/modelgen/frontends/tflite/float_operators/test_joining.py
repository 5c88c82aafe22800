"""Concatenation, division, repetition, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import agree, random, refused

X = random(2, 6, 4)


def test_joined() -> None:
    agree("CONCATENATION", [X, random(2, 3, 4)], axis=1, exact=True)
    agree("CONCATENATION", [X, X], {1: random(2, 6, 1)}, axis=-1, exact=True)
    for axis in (0, 1, -1):
        agree("PACK", [X, X], axis=axis, valuesCount=2, exact=True)


def test_divided() -> None:
    axis = np.array(-2, np.int32)
    agree("SPLIT", [X], {0: axis}, outputs=3, numSplits=3, exact=True)
    sizes = np.array([1, -1, 2], np.int32)
    agree("SPLIT_V", [X], {1: sizes, 2: axis}, outputs=3, numSplits=3, exact=True)
    agree("UNPACK", [X], outputs=4, num=4, axis=-1, exact=True)


def test_repeated() -> None:
    agree("TILE", [X], {1: np.array([1, 2, 3], np.int64)}, exact=True)
    shape = np.array([3, 2, 6, 4], np.int32)
    agree("BROADCAST_TO", [X[:, :1]], {1: shape}, exact=True)


@pytest.mark.parametrize(
    ("kind", "constants", "details", "reason"),
    [
        ("SPLIT", {0: [1]}, {"outputs": 4}, "divides 6 elements into 4 equal parts"),
        ("SPLIT_V", {1: [5, 5], 2: [1]}, {"outputs": 2}, r"divides 6 elements into [5, 5]"),
        ("SPLIT_V", {1: [-1, 9], 2: [1]}, {"outputs": 2}, r"divides 6 elements into [-3, 9]"),
        ("UNPACK", {}, {"outputs": 2, "axis": 1}, "has 2 outputs for 6 elements"),
        ("TILE", {1: [1, 0, 1]}, {}, "repeats 3 dimensions [1, 0, 1] times"),
        ("PACK", {}, {"axis": 4}, "names dimension 4 of a tensor that has 4"),
        ("CONCATENATION", {}, {"fusedActivationFunction": 1}, "has a fused activation function"),
    ],
)
def test_refused(kind: str, constants: dict, details: dict, reason: str) -> None:
    arrays = {at: np.array(values, np.int32) for at, values in constants.items()}
    assert reason in refused(kind, [X], arrays, **details)
