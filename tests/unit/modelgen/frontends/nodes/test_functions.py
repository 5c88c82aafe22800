"""Functions of one value, found in several steps."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from modelgen.frontends.nodes.functions import function_pattern
from modelgen.frontends.nodes.module import Step, layer
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.patterns import joined

RANKS = {"x": 2, "s": 2, "y": 2}


def step(operator: str, function: Callable, inputs: tuple[str, ...], output: str) -> Step:
    node = FileNode(output, operator, {}, inputs, (output,), {})
    return Step(layer(node, lambda node, *values: function(*values)), inputs, (output,))


def names(steps: list[Step], operators: tuple[str, ...]) -> list[str]:
    found = joined((function_pattern(operators),), steps, ["y"], RANKS)
    return [each.layer.node.operator for each in found]


def gate(slope: float) -> list[Step]:
    return [
        step("Gate", lambda x: torch.sigmoid(x * slope), ("x",), "s"),
        step("Mul", torch.mul, ("x", "s"), "y"),
    ]


def test_a_function_is_found_by_its_results() -> None:
    assert names(gate(1.0), ("Gate", "Mul")) == ["Swish"]
    (found,) = joined((function_pattern(("Gate", "Mul")),), gate(1.0), ["y"], RANKS)
    x = torch.randn(2, 3)
    (result,) = found.layer(x)
    assert isinstance(result, Tensor)
    assert torch.equal(result, torch.nn.functional.silu(x))
    assert (found.layer.node.name, found.outputs) == ("y", ("y",))


def test_what_is_nearly_one_stays() -> None:
    assert names(gate(1.001), ("Gate", "Mul")) == ["Gate", "Mul"]


def test_only_known_operators_are_looked_at() -> None:
    assert names(gate(1.0), ("Mul",)) == ["Gate", "Mul"]
