"""Modules under construction: layers, constants, names, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from modelgen.frontends.nodes.builder import LARGEST_FIXED, ModuleBuilder
from modelgen.frontends.nodes.node import LARGEST, FileNode, RefusedError
from modelgen.frontends.nodes.refusals import of_model
from modelgen.frontends.torch_export.importer import UnsupportedError


def add(node: FileNode, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return left + right


def node(builder: ModuleBuilder, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> FileNode:
    name = builder.free_name("n")
    return FileNode(name, "Add", {}, inputs, outputs, builder.fixed_inputs(inputs))


def all_steps(steps: list[Any], *_: Any) -> list[Any]:
    return steps


def test_layers_and_constants() -> None:
    builder = ModuleBuilder()
    builder.add_input("x", (2, 3), "float32")
    builder.fixed["one"] = np.ones(3, np.float32)
    builder.add_fixed(node(builder, ("one", "one"), ("two",)), add)
    builder.add_layer(node(builder, ("x", "two"), ("y",)), add)
    assert builder.fixed["two"].tolist() == [2, 2, 2]
    assert builder.examples["y"].shape == (2, 3)
    network = builder.network(["y"], 2, all_steps)
    assert (network.inputs, network.batch, network.arguments[0].features) == (("x",), 2, (3,))
    assert network.module(torch.zeros(2, 3)).tolist() == [[2, 2, 2]] * 2
    layers = [name for name, each in network.module.named_children() if hasattr(each, "node")]
    assert layers == ["n_2"]


def test_results_that_nothing_reads_have_no_name() -> None:
    builder = ModuleBuilder()
    builder.add_input("x", (2, 4), "float32")
    halves = node(builder, ("x",), ("", "y"))
    builder.add_layer(halves, lambda node, x: torch.split(x, 2, 1))
    module = builder.network(["y"], 2, all_steps).module
    assert module(torch.arange(8.0).reshape(2, 4)).tolist() == [[2, 3], [6, 7]]
    assert set(builder.examples) == {"x", "y"}


def test_names_are_told_apart() -> None:
    builder = ModuleBuilder()
    assert [builder.free_name("a") for _ in range(3)] == ["a", "a_2", "a_3"]


def test_what_fails_is_refused() -> None:
    builder = ModuleBuilder()
    builder.add_input("x", (2, 3), "float32")
    builder.fixed["k"] = np.ones(4, np.float32)
    with pytest.raises(RefusedError, match=r"cannot take 'x' \(2x3\) and 'k' \(4\): \w"):
        builder.add_layer(node(builder, ("x", "k"), ("y",)), add)
    builder.fixed["k"] = np.ones(3)
    with pytest.raises(RefusedError, match="computes with 'k', which is float64"):
        builder.add_layer(node(builder, ("x", "k"), ("y",)), add)


def test_no_memory_is_asked_for_that_is_not_there() -> None:
    builder = ModuleBuilder()
    builder.add_input("x", (2, LARGEST // 4), "float32")
    with pytest.raises(RefusedError, match=r"gives 'y' the shape 4x\d+: all tensors together have"):
        builder.add_layer(node(builder, ("x",), ("y",)), lambda node, x: torch.cat([x, x]))
    with pytest.raises(RefusedError, match="all tensors together have more than"):
        builder.add_input("z", (1 << 40, 1 << 20), "float32")
    builder.fixed["one"] = np.ones(1, np.float32)
    many = node(builder, ("one",), ("many",))
    with pytest.raises(RefusedError, match="gives more than 134217728 constant values"):
        builder.add_fixed(many, lambda node, x: x.expand(LARGEST_FIXED + 1))


def test_everything_is_said_at_once() -> None:
    builder = ModuleBuilder([of_model("The model is odd")])
    with pytest.raises(UnsupportedError) as caught:
        builder.network(["y"], 1, all_steps)
    assert [str(each) for each in caught.value.complaints] == [
        "The model is odd.",
        "The output 'y' is not computed by any node.",
    ]
