"""Each pass on small graphs: what it changes, what it leaves, and that results stay the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from modelgen import graph as graphs
from modelgen.errors import ModelError
from modelgen.execute import accuracy, run_graph, select_device
from modelgen.graph import Graph, Node, Tensor
from modelgen.importer import import_model
from modelgen.passes.append_softmax import append_softmax
from modelgen.passes.drop_dropout import drop_dropout
from modelgen.passes.drop_unused import drop_unused
from modelgen.passes.fold_reshape import fold_reshape
from modelgen.passes.fuse_relu import fuse_relu
from modelgen.quantization import simplify
from tests.unit.networks import perceptron


def operators(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def imported(*layers: nn.Module, features: tuple[int, ...] = (6,), batch: int = 2) -> Graph:
    torch.manual_seed(0)
    return import_model(nn.Sequential(*layers), features, batch)


def test_drop_dropout() -> None:
    graph = imported(nn.Dropout(0.1), nn.Linear(6, 3), nn.Dropout(0.5), nn.Dropout(0.5))
    dropped = drop_dropout(graph)
    assert operators(dropped) == ["linear"]
    assert dropped.output == "1"
    assert set(dropped.tensors) == {dropped.input, "1"}


def test_fold_reshape() -> None:
    graph = imported(nn.Flatten(), nn.Linear(6, 3), nn.Unflatten(1, (3, 1)), features=(2, 3))
    folded = fold_reshape(graph)
    assert operators(folded) == ["linear"]
    assert folded.nodes[0].inputs == (folded.input,)


def test_fuse_relu() -> None:
    graph = fuse_relu(perceptron(1, [4, 3, 2]))
    assert operators(graph) == ["linear", "linear"]
    assert graph.nodes[0].attributes == {"clamp": [0.0, None], "fused": ["relu0"]}
    assert graph.nodes[0].output == "relu0"
    assert "clamp" not in graph.nodes[1].attributes


def test_a_second_relu_is_dropped() -> None:
    graph = imported(nn.Linear(6, 3), nn.ReLU(), nn.ReLU())
    assert operators(fuse_relu(graph)) == ["linear"]


def test_relu_without_a_linear_before_stays() -> None:
    graph = imported(nn.Flatten(), nn.ReLU(), nn.Linear(6, 3), features=(2, 3))
    assert operators(simplify(graph)) == ["relu", "linear"]


def test_relu_is_not_fused_where_the_sum_is_read_too() -> None:
    graph = perceptron(1, [4, 3, 2])
    both = replace(graph.nodes[2], inputs=("fc0",))
    branched = graph.with_nodes([graph.nodes[0], graph.nodes[1], both])
    assert operators(fuse_relu(branched)) == ["linear", "relu", "linear"]


def test_drop_unused() -> None:
    graph = perceptron(1, [4, 3, 2])
    aside = Node("aside", "relu", ("x",), "aside")
    tensors = {**graph.tensors, "aside": Tensor("aside", (1, 4))}
    assert drop_unused(graph.with_nodes([aside, *graph.nodes], tensors=tensors)) == graph


def test_append_softmax_once() -> None:
    graph = append_softmax(perceptron(1, [4, 2]))
    assert operators(graph) == ["linear", "softmax"]
    assert graph.output == "softmax"
    assert append_softmax(graph) is graph


def test_simplified_graph_computes_the_same() -> None:
    layers = (
        nn.Flatten(),
        nn.Linear(6, 5),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(5, 4),
        nn.Softmax(1),
    )
    graph = imported(*layers, features=(2, 3), batch=3)
    values = np.random.default_rng(0).standard_normal((8, 2, 3)).astype(np.float32)
    simple = simplify(graph)
    assert operators(simple) == ["linear", "linear", "softmax"]
    np.testing.assert_array_equal(run_graph(graph, values), run_graph(simple, values))


def test_a_graph_is_saved_and_loaded(tmp_path: Path) -> None:
    graph = simplify(perceptron(3, [4, 3, 2], softmax=True))
    graphs.save(graph, tmp_path / "a")
    loaded = graphs.load(tmp_path / "a")
    assert loaded.nodes == graph.nodes
    assert loaded.tensors == graph.tensors
    assert (loaded.input, loaded.output, loaded.batch) == (graph.input, graph.output, 3)
    for name, value in graph.constants.items():
        np.testing.assert_array_equal(loaded.constants[name], value)
    graphs.save(loaded, tmp_path / "b")
    for name in ("graph.json", "constants.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_accuracy() -> None:
    assert accuracy(np.array([[1, 2], [3, 0], [0, 1]]), np.array([1, 1, 1])) == pytest.approx(2 / 3)


def test_devices() -> None:
    assert select_device("cpu") == "cpu"
    assert select_device("auto") in ("cpu", "cuda")
    with pytest.raises(ModelError, match="unknown"):
        select_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="no GPU"):
            select_device("cuda")
