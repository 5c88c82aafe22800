"""Graphs in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import nn

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.arithmetic.integer.requantization import Clamp, Requantization, Rounding
from modelgen.frontends.torch_export.importer import import_model
from modelgen.ir import files as graph_files
from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor
from modelgen.operators import IntegerLinear, Take
from modelgen.passes.simplify import simplify
from tests.support.networks import perceptron


def test_a_graph_is_saved_and_loaded(tmp_path: Path) -> None:
    graph = simplify(perceptron(3, [4, 3, 2], softmax=True))
    graph_files.save(graph, tmp_path / "a")
    loaded = graph_files.load(tmp_path / "a")
    assert loaded.nodes == graph.nodes
    assert loaded.tensors == graph.tensors
    assert (loaded.inputs, loaded.outputs, loaded.batch) == (graph.inputs, graph.outputs, 3)
    for name, value in graph.constants.items():
        np.testing.assert_array_equal(loaded.constants[name], value)
    graph_files.save(loaded, tmp_path / "b")
    for name in ("graph.json", "constants.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_attributes_in_attributes_stay_tuples(tmp_path: Path) -> None:
    tensors = {name: Tensor(name, (3, 2)) for name in "xy"}
    node = Node("turn", Take((0, 1), ((2, 1, 0), (1, 0))), ("x",), "y")
    graph_files.save(Graph(("x",), ("y",), 3, (node,), tensors, {}), tmp_path)
    assert graph_files.load(tmp_path).nodes == (node,)


def test_integers_keep_quantization_rule_and_contract(tmp_path: Path) -> None:
    tensors = {
        "x": Tensor("x", (1, 2), ElementType.INT8, Quantization(float(np.float32(0.1)), -7)),
        "y": Tensor("y", (1, 3), ElementType.INT8),
    }
    rule = Requantization(Rounding.HALF_AWAY, 4, Clamp(-20, 100))
    node = Node("y", IntegerLinear(-7, rule, 1), ("x",), "y")
    contract = Contract.TFLITE_REFERENCE
    graph_files.save(Graph(("x",), ("y",), 1, (node,), tensors, {}, contract=contract), tmp_path)
    loaded = graph_files.load(tmp_path)
    assert (loaded.nodes, loaded.tensors, loaded.contract) == ((node,), tensors, contract)


def test_the_orders_of_inputs_are_kept(tmp_path: Path) -> None:
    graph = import_model(nn.Conv2d(2, 3, 1), (2, 4, 5), 1)
    graph_files.save(graph, tmp_path)
    assert graph_files.load(tmp_path).orders == graph.orders == {"input": (0, 2, 3, 1)}
