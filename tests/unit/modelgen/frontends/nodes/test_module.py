"""The module of an ONNX model: names of layers and buffers."""

from __future__ import annotations

import inspect

import torch

from modelgen.frontends.nodes.module import NodeModule, Step, layer, module_class
from modelgen.frontends.nodes.node import FileNode


def step(name: str, inputs: tuple[str, ...], output: str) -> Step:
    described = FileNode(name, "Add", {}, inputs, (output,), {})
    return Step(layer(described, lambda node, a, b: a + b), inputs, (output,))


def made(*steps: Step, constants: dict[str, torch.Tensor]) -> NodeModule:
    return NodeModule(["x"], ["y"], steps, constants)


def test_it_computes_step_by_step() -> None:
    constants = {"one": torch.ones(1), "two": torch.full((1,), 2.0)}
    steps = step("a", ("x", "one"), "z"), step("b", ("z", "two"), "y")
    assert made(*steps, constants=constants)(torch.zeros(1)).item() == 3


def test_the_class_of_a_layer_is_its_operator() -> None:
    module = made(step("net.a", ("x", "k"), "y"), constants={"k": torch.ones(1)})
    assert type(module.get_submodule("net.a")).__name__ == "Add"


def test_names_that_are_taken() -> None:
    names = ["a.b", "a", "forward", "..", "a.b"]
    tensors = ["x", *(f"t{at}" for at in range(len(names) - 1)), "y"]
    steps = [
        step(name, (source, "a.weight"), result)
        for name, source, result in zip(names, tensors, tensors[1:], strict=False)
    ]
    module = made(
        *steps[:-1],
        step("last", ("t3", "type"), "y"),
        constants={"a.weight": torch.ones(1), "type": torch.ones(1)},
    )
    layers = [name for name, each in module.named_modules() if hasattr(each, "node")]
    assert sorted(layers) == ["_._._", "a", "a.b", "forward_", "last"]
    assert {name for name, _ in module.named_buffers()} == {"a.weight", "type_"}
    assert module(torch.zeros(1)).item() == 5


def test_arguments_have_the_names_of_the_inputs() -> None:
    found = module_class(["input.1", "1st", "class", "mask"])
    assert list(inspect.signature(found.forward).parameters) == [
        "self",
        "input_1",
        "input_1st",
        "input_class",
        "mask",
    ]


def test_names_that_would_be_the_same_are_left_out() -> None:
    found = module_class(["a.b", "a_b"])
    assert list(inspect.signature(found.forward).parameters) == ["self", "arguments"]
