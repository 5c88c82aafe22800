"""Concatenation, parts and repetition, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.onnx_models import compare, imported, one, random

X = random(2, 7, 4)


@pytest.mark.parametrize("axis", [1, -1])
def test_concatenation(axis: int) -> None:
    given = {"a": X, "b": random(2, 7, 4, seed=2)}
    compare(one("Concat", given, {"c": random(2, 7, 4, seed=3)}, axis=axis), given, exact=True)


@pytest.mark.parametrize(
    ("fixed", "attributes", "opset"),
    [
        ({"sizes": np.array([2, 1, 4])}, {"axis": 1}, 13),
        ({"sizes": np.array([2, 1, 4])}, {"axis": -2}, 18),
        ({}, {"axis": 1, "num_outputs": 3}, 18),
        ({}, {"axis": 2}, 13),
    ],
)
def test_parts(fixed: dict[str, np.ndarray], attributes: dict[str, Any], opset: int) -> None:
    names = ["a", "b", "c"] if attributes["axis"] != 2 else ["a", "b"]
    proto = one("Split", {"x": X}, fixed, opset=opset, outputs=names, **attributes)
    compare(proto, {"x": X}, exact=True)


@pytest.mark.parametrize(
    ("before", "shape"), [((2, 1, 4), [2, 3, 4]), ((2, 3, 1), [1, 1, 5]), ((2, 1), [3, 2, 4])]
)
def test_expansion(before: tuple[int, ...], shape: list[int]) -> None:
    x = random(*before)
    compare(one("Expand", {"x": x}, {"shape": np.array(shape)}), {"x": x}, exact=True)


def test_tiles() -> None:
    proto = one("Tile", {"x": X}, {"repeats": np.array([1, 2, 3])})
    compare(proto, {"x": X}, exact=True)
    imported(proto, {"x": X})
