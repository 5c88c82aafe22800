"""Tensors that are concatenated: written side by side by whom they are made, else copied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest
import torch
from torch import nn

from modelgen.frontends.torch_export.importer import import_model
from modelgen.hardware import Hardware
from modelgen.ir.graph import ElementType, Graph, Tensor
from modelgen.ir.views import View, views
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.plan.program import Program
from modelgen.plan.side_by_side import side_by_side
from modelgen.quantize.weights import quantize
from modelgen.targets.standard import standard
from modelgen.verify.golden import golden_outputs
from tests.support.compiled import chains_of, inferences_of
from tests.support.graph_builder import GraphBuilder
from tests.support.overlap import check_fences
from tests.unit.modelgen.plan.test_cpu_layers import SMALL, Function, check_device


def branches(x: torch.Tensor, one: nn.Module, two: nn.Module) -> torch.Tensor:
    return torch.cat([torch.relu(one(x)), two(x)], 1)


def followed(x: torch.Tensor, one: nn.Module, two: nn.Module, three: nn.Module) -> torch.Tensor:
    return three(branches(x, one, two))


def nested(x: torch.Tensor, one: nn.Module, two: nn.Module, three: nn.Module) -> torch.Tensor:
    return torch.cat([one(x), torch.cat([two(x), three(x)], 1)], 1)


def dense(x: torch.Tensor, one: nn.Module, two: nn.Module, three: nn.Module) -> torch.Tensor:
    """Each layer reads what all before it have made."""
    first = torch.cat([x, torch.relu(one(x))], 1)
    second = torch.cat([first, torch.relu(two(first))], 1)
    return three(second)


def conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


MODELS = [
    (Function(branches, conv(3, 4), conv(3, 5, 1)), (3, 6, 7)),
    (Function(branches, nn.Linear(9, 4), nn.Linear(9, 5)), (9,)),
    (Function(followed, conv(3, 4), conv(3, 5), conv(9, 2)), (3, 6, 7)),
    (Function(followed, nn.MaxPool2d(2), nn.AvgPool2d(2), conv(6, 2)), (3, 6, 8)),
    (Function(nested, conv(3, 4), conv(3, 9), conv(3, 2, 1)), (3, 6, 7)),
    (Function(dense, conv(3, 4), conv(7, 4), conv(11, 5, 1)), (3, 6, 7)),
    (Function(lambda x, one: torch.cat([one(x)] * 2, 1), conv(3, 4)), (3, 6, 7)),
    (Function(lambda x, one: torch.cat([one(x) + x, x], 1), conv(3, 3)), (3, 6, 7)),
    (Function(lambda x, one: torch.cat([torch.sigmoid(one(x)), x], 1), conv(3, 3)), (3, 6, 7)),
    (Function(lambda x, one: torch.cat([x, one(x)], 1).softmax(1), nn.Linear(9, 4)), (9,)),
    (
        Function(lambda x, one: torch.cat([x.flatten(1), one(x).flatten(1)], 1), conv(1, 1)),
        (1, 4, 3),
    ),
]
IDS = ["maps", "rows", "followed", "pools", "nested", "dense", "twice", "sum", "cpu", "softmax"]


@pytest.mark.parametrize(
    "hardware", [Hardware(), SMALL, Hardware(array_size=16)], ids=["default", "small", "16"]
)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("model", "shape"), MODELS, ids=[*IDS, "flattened"])
def test_concatenations(
    model: nn.Module, shape: tuple[int, ...], batch: int, hardware: Hardware
) -> None:
    check_device(model, shape, batch, hardware)
    program = compiled(model, shape, batch, hardware)
    for chain in chains_of(program, program.graph):
        check_fences(chain, hardware.array_size)


def test_of_tensors_of_one_dimension() -> None:
    def joined(x: torch.Tensor) -> torch.Tensor:
        pair = torch.cat([x.argmax(1), torch.relu(x).argmin(1)])
        return torch.cat([pair, pair, pair])

    program = compiled(Function(joined), (9,), 3)
    golden_outputs(program, inferences_of(program.graph))


def compiled(
    model: nn.Module, shape: tuple[int, ...], batch: int = 1, hardware: Hardware | None = None
) -> Program:
    graph = quantize(simplify(import_model(model, shape, batch)))
    return compile_graph(graph, hardware or Hardware())


def test_what_can_be_written_side_by_side_is_not_copied() -> None:
    model = Function(followed, conv(3, 4), conv(3, 5), conv(9, 2))
    program = compiled(model, (3, 6, 7))
    assert [layer.node.operator.name for layer in program.layers] == [*["conv2d"] * 3, "permute"]
    first, second, joined, *_ = program.graph.nodes
    found = views(program.graph)
    strides = (6 * 7 * 9, 7 * 9, 9, 1)
    assert found[first.output] == View(joined.output, 0, strides)
    assert found[second.output] == View(joined.output, 4, strides)


def test_what_cannot_is_copied_by_the_engine() -> None:
    """The model's input, and a sum, whose operand has the pitches of the result."""
    model = Function(lambda x, one: torch.cat([one(x) + x, x], 1), conv(3, 3))
    names = [layer.node.operator.describe() for layer in compiled(model, (3, 6, 7)).layers]
    assert names == ["conv 3x3, add", "element-wise", "element-wise", "permute"]


def adapted(build: Callable[[GraphBuilder], str], **changes: ElementType) -> Graph:
    """Return a graph with its copies; `changes` gives tensors other element types."""
    builder = GraphBuilder(2, 3, 4, 5)
    graph = builder.build(build(builder))
    typed = {name: replace(graph.tensors[name], element=kind) for name, kind in changes.items()}
    graph = replace(graph, tensors={**graph.tensors, **typed})
    changed = side_by_side(graph, standard(Hardware()))
    views(changed)
    return changed


def copies(graph: Graph) -> dict[str, str]:
    """Return copy -> what it is of."""
    return {node.output: node.inputs[0] for node in graph.nodes if ".copy" in node.name}


def of_maps_in_another_shape(graph: GraphBuilder) -> str:
    flat = graph.flatten(graph.conv("x", 2))
    return graph.concatenate(flat, graph.linear(graph.flatten("x"), 3))


def read_in_another_shape(graph: GraphBuilder) -> str:
    first = graph.conv("x", 2)
    joined = graph.concatenate(first, graph.conv("x", 3))
    return graph.concatenate(graph.flatten(joined), graph.flatten(first))


def of_another_shape_of_a_concatenation(graph: GraphBuilder) -> str:
    joined = graph.concatenate(graph.conv("x", 2), graph.conv("x", 3))
    return graph.concatenate(graph.flatten(joined), graph.linear(graph.flatten("x"), 2))


def in_two(graph: GraphBuilder) -> str:
    first = graph.conv("x", 2)
    inner = graph.concatenate(first, graph.conv("x", 3))
    return graph.concatenate(inner, first)


def of_the_cpu(graph: GraphBuilder) -> str:
    return graph.concatenate(graph.softmax(graph.conv("x", 2)), graph.conv("x", 3))


@pytest.mark.parametrize(
    ("build", "copied"),
    [
        (of_maps_in_another_shape, ["reshape1"]),
        (read_in_another_shape, ["conv2d0", "reshape3", "reshape4"]),
        (of_another_shape_of_a_concatenation, ["reshape3"]),
        (in_two, ["conv2d0", "conv2d0"]),
        (of_the_cpu, ["softmax1"]),
        (lambda graph: graph.concatenate("x", graph.conv("x", 2)), ["x"]),
        (lambda graph: graph.concatenate(*[graph.conv("x", 2)] * 2), ["conv2d0", "conv2d0"]),
        (lambda graph: graph.concatenate(graph.conv("x", 2), graph.conv("x", 3)), []),
    ],
)
def test_what_is_copied(build: Callable[[GraphBuilder], str], copied: list[str]) -> None:
    assert sorted(copies(adapted(build)).values()) == copied


def test_an_operand_that_is_the_models_output_too_is_copied() -> None:
    graph = GraphBuilder(2, 3, 4, 5)
    first = graph.conv("x", 2)
    graph.concatenate(first, graph.conv("x", 3))
    changed = side_by_side(graph.build(first), standard(Hardware()))
    assert [*copies(changed).values()] == [first]


def test_a_copy_has_the_elements_of_what_it_is_of() -> None:
    small = cast("ElementType", "a smaller element")
    graph = adapted(lambda graph: graph.concatenate("x", graph.conv("x", 2)), x=small)
    ((copy, _),) = copies(graph).items()
    assert graph.tensors[copy] == Tensor(copy, (2, 3, 4, 5), small)
