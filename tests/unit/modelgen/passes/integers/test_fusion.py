"""A graph while its operators become operators on integers."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor
from modelgen.operators import ByteTable, Dequantize, Pointwise, Quantize
from modelgen.operators.epilogue import Epilogue
from modelgen.passes.integers.fusion import Fusion, Result, Source

GIVEN, OWN = Quantization(0.5, 3), Quantization(0.25, -1)
TABLE = {"table": np.arange(-128, 128).astype(np.int8)}


@pytest.fixture
def to() -> Fusion:
    tensors = {
        "q": Tensor("q", (1, 4), ElementType.INT8, GIVEN),
        "x": Tensor("x", (1, 4)),
        "y": Tensor("y", (1, 4)),
        "r": Tensor("r", (1, 4), ElementType.INT8, OWN),
    }
    nodes = (
        Node("x", Dequantize(GIVEN, 128), ("q",), "x"),
        Node("layer", Pointwise(Epilogue(low=0.0)), ("x",), "y", fused=("layer", "relu")),
        Node("r", Quantize(OWN, offset=128), ("y",), "r"),
    )
    return Fusion(Graph(("q",), ("r",), 1, nodes, tensors, {}), Contract.EXACT)


def test_sources_are_behind_dequantize(to: Fusion) -> None:
    _, layer, quantize = to.graph.nodes
    assert to.source("x") == Source("q", GIVEN, 128)
    assert to.source("y") is None
    assert to.sources(layer) == [Source("q", GIVEN, 128)]
    assert to.sources(quantize) is None
    assert to.result(quantize) == Result(quantize, OWN, 128)


def test_tensors_that_are_returned_are_read_more_than_once(to: Fusion) -> None:
    assert to.is_read_once("y")
    assert not to.is_read_once("r")


def test_nodes_keep_names(to: Fusion) -> None:
    _, layer, quantize = to.graph.nodes
    between = to.between(layer, ByteTable("first"), ["q"], GIVEN, TABLE)
    to.add(layer, ByteTable("second"), [between], to.result(quantize), TABLE)
    graph = to.finished()
    assert graph.contract is Contract.EXACT
    first, second = graph.nodes
    assert graph.tensors[between] == Tensor(between, (1, 4), ElementType.INT8, GIVEN)
    assert (second.name, second.output, second.fused) == ("layer", "r", ("relu",))
    assert set(graph.constants) == {first.constants["table"], second.constants["table"]}
    assert len(graph.constants) == 2
    assert set(graph.tensors) == {"q", between, "r"}


def test_nodes_may_be_kept(to: Fusion) -> None:
    for node in to.graph.nodes:
        to.keep(node)
    assert to.finished().nodes == to.graph.nodes
