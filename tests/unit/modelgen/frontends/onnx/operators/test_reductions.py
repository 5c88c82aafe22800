"""Reductions, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, one, random

X = random(2, 3, 4, 5)
POSITIVE = np.abs(X) + np.float32(0.1)
REDUCTIONS = [
    *("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean"),
    *("ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"),
]
AXES: list[list[int] | None] = [None, [1], [-1], [1, 3], [0, 1, 2, 3]]


@pytest.mark.parametrize("operator", REDUCTIONS)
@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("keep", [0, 1])
def test_axes_as_an_input(operator: str, axes: list[int] | None, keep: int) -> None:
    fixed = {} if axes is None else {"axes": np.array(axes)}
    proto = one(operator, {"x": POSITIVE}, fixed, opset=18, keepdims=keep)
    compare(proto, {"x": POSITIVE}, tolerance=4e-6)


@pytest.mark.parametrize("operator", [name for name in REDUCTIONS if name != "ReduceSum"])
@pytest.mark.parametrize("axes", AXES)
def test_axes_as_an_attribute(operator: str, axes: list[int] | None) -> None:
    given = {} if axes is None else {"axes": axes}
    compare(one(operator, {"x": POSITIVE}, opset=13, **given), {"x": POSITIVE}, tolerance=4e-6)


def test_no_axes_may_mean_none() -> None:
    fixed = {"axes": np.array([], np.int64)}
    for noop in (0, 1):
        proto = one("ReduceSum", {"x": X}, fixed, noop_with_empty_axes=noop)
        compare(proto, {"x": X}, tolerance=4e-6)


def test_a_sum_of_large_exponentials_does_not_overflow() -> None:
    x = 100 * X
    compare(one("ReduceLogSumExp", {"x": x}, {"axes": np.array([1])}, opset=18), {"x": x})


@pytest.mark.parametrize("attributes", [{}, {"exclusive": 1}, {"reverse": 1}])
@pytest.mark.parametrize("axis", [1, -1])
def test_running_sums(attributes: dict[str, Any], axis: int) -> None:
    for given in (attributes, {**attributes, "exclusive": 1, "reverse": 1}):
        proto = one("CumSum", {"x": X}, {"axis": np.array(axis)}, **given)
        compare(proto, {"x": X})
    imported(proto, {"x": X})


@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize("attributes", [{}, {"axis": -1}, {"axis": 1, "keepdims": 0}])
def test_indices(operator: str, attributes: dict[str, Any]) -> None:
    # Values that occur more than once.
    x = X.round(0)
    compare(one(operator, {"x": x}, **attributes), {"x": x}, exact=True)


def test_the_last_index_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\(ArgMax\) chooses the last of several largest"):
        build(one("ArgMax", {"x": X}, select_last_index=1))


@pytest.mark.parametrize("operator", REDUCTIONS)
def test_through_the_importer(operator: str) -> None:
    fixed = {"axes": np.array([2])}
    imported(one(operator, {"x": POSITIVE}, fixed, opset=18), {"x": POSITIVE})
