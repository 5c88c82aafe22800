"""Comparisons and masks, against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from tests.support.onnx_models import compare, imported, model, one, random

A = random(2, 3, 4).round(0)
B = random(2, 3, 4, seed=2).round(0)


def mask(seed: int) -> np.ndarray:
    return random(2, 3, 4, seed=seed) > 0


@pytest.mark.parametrize("operator", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
@pytest.mark.parametrize("opset", [13, 19])
def test_comparisons(operator: str, opset: int) -> None:
    given = {"a": A, "b": B}
    compare(one(operator, given, opset=opset), given, exact=True)
    compare(one(operator, {"a": A}, {"b": B[:1, :, :1]}, opset=opset), {"a": A}, exact=True)


@pytest.mark.parametrize("operator", ["And", "Or", "Xor"])
def test_logic(operator: str) -> None:
    given = {"a": mask(1), "b": mask(2)}
    compare(one(operator, given), given, exact=True)


def test_negation() -> None:
    compare(one("Not", {"a": mask(1)}), {"a": mask(1)}, exact=True)


def test_choices() -> None:
    given = {"mask": mask(1), "a": A, "b": B}
    compare(one("Where", given), given, exact=True)
    fixed = {"b": np.array(-1e9, np.float32)}
    given.pop("b")
    compare(one("Where", given, fixed), given, exact=True)


def test_a_mask_of_the_input_through_the_importer() -> None:
    nodes = [
        onnx.helper.make_node("Greater", ["a", "zero"], ["positive"]),
        onnx.helper.make_node("Not", ["positive"], ["negative"]),
        onnx.helper.make_node("Where", ["negative", "b", "zero"], ["y"]),
    ]
    given = {"a": A, "b": B}
    imported(model(nodes, given, fixed={"zero": np.zeros(1, np.float32)}), given)
