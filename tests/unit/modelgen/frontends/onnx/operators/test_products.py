"""Products of matrices, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.onnx_models import compare, imported, one, random


@pytest.mark.parametrize(
    "attributes",
    [{}, {"transB": 1}, {"transA": 1}, {"alpha": 0.5, "beta": 0.25}, {"transA": 1, "transB": 1}],
)
@pytest.mark.parametrize("bias", [None, (5,), (1, 5), (1,), (3, 1), (3, 5)])
def test_linear(attributes: dict[str, Any], bias: tuple[int, ...] | None) -> None:
    a = random(*((4, 3) if attributes.get("transA") else (3, 4)))
    fixed = {"b": random(*((5, 4) if attributes.get("transB") else (4, 5)), seed=2)}
    if bias is not None:
        fixed["c"] = random(*bias, seed=3)
    compare(one("Gemm", {"a": a}, fixed, **attributes), {"a": a})


def test_linear_of_two_activations() -> None:
    given = {"a": random(3, 4), "b": random(3, 5, seed=2)}
    compare(one("Gemm", given, transA=1), given)


@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 6, 3, 4), (1, 6, 4, 5))],
)
@pytest.mark.parametrize("constant", [False, True])
def test_products(left: tuple[int, ...], right: tuple[int, ...], constant: bool) -> None:
    a, b = random(*left), random(*right, seed=2)
    if constant:
        compare(one("MatMul", {"a": a}, {"b": b}), {"a": a})
    elif len(left) == len(right) and left[0] == right[0]:
        compare(one("MatMul", {"a": a, "b": b}), {"a": a, "b": b})


def test_einsum() -> None:
    given = {"a": random(2, 3, 4, 5), "b": random(2, 3, 6, 5, seed=2)}
    compare(one("Einsum", given, equation="bhid,bhjd->bhij"), given)
    compare(one("Einsum", given, equation=" bhid, bhjd -> bhij "), given)
    imported(one("Einsum", given, equation="bhid,bhjd->bhij"), given)


def test_a_gemm_is_a_linear_layer() -> None:
    a = random(1, 4)
    proto = one("Gemm", {"a": a}, {"b": random(5, 4), "c": random(5)}, transB=1)
    (node,) = imported(proto, {"a": a}).nodes
    assert (node.name, type(node.operator).__name__) == ("node", "Linear")
