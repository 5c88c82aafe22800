"""Steps that are made one."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.frontends.nodes.module import Step, layer
from modelgen.frontends.nodes.node import FileNode
from modelgen.frontends.nodes.patterns import Match, Steps, joined, number_of


def step(operator: str, inputs: tuple[str, ...], output: str, **constants: float) -> Step:
    arrays = {int(at[1:]): np.array(value) for at, value in constants.items()}
    node = FileNode(output, operator, {}, inputs, (output,), arrays)
    return Step(layer(node, lambda node, x: -x), inputs, (output,))


def twice(view: Steps, last: Step) -> Match | None:
    """Match Neg after Neg."""
    first = view.made(last.inputs[0], "Neg")
    if first is None or last.layer.node.operator != "Neg":
        return None
    return Match("Same", lambda node, x: x, first.inputs, (first, last))


STEPS = [step("Neg", ("x",), "a"), step("Neg", ("a",), "b"), step("Abs", ("b",), "y")]


def operators(steps: list[Step], outputs: list[str]) -> list[str]:
    found = joined((twice,), steps, outputs, {})
    return [each.layer.node.operator for each in found]


def test_steps_become_one() -> None:
    found = joined((twice,), STEPS, ["y"], {})
    assert [each.layer.node.operator for each in found] == ["Same", "Abs"]
    assert (found[0].inputs, found[0].outputs) == (("x",), ("b",))
    assert found[0].layer(torch.ones(1))[0].item() == 1


def test_what_others_read_stays() -> None:
    assert operators(STEPS, ["y", "a"]) == ["Neg", "Neg", "Abs"]
    assert operators([*STEPS, step("Abs", ("a",), "z")], ["y", "z"]) == ["Neg", "Neg", "Abs", "Abs"]


def test_the_last_of_several() -> None:
    view = Steps(STEPS, ["y"], {})
    assert view.last_of(["a", "b", "x"]) is STEPS[1]
    assert view.last_of(["x"]) is None


def test_numbers() -> None:
    assert number_of(step("Add", ("x", "k"), "y", _1=2.5), 1) == 2.5
    assert number_of(step("Add", ("x", "k"), "y"), 1) is None
