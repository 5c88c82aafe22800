"""The schedule of a layer: fast by the cost model, and as few jobs as that takes."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.hardware import Hardware
from modelgen.plan.analysis import describe
from modelgen.plan.compiler import compile_graph
from modelgen.targets.systolic.abi import Fence
from modelgen.targets.systolic.jobs import EngineLayer
from modelgen.verify.golden import golden_outputs
from tests.support import networks
from tests.support.compiled import inferences_of
from tests.support.graph_builder import GraphBuilder


@pytest.mark.parametrize(
    ("name", "size", "cycles"), [("resnet8", 16, 64000), ("vgg6", 16, 172000), ("dscnn", 16, 39000)]
)
def test_predicted_cycles(name: str, size: int, cycles: int) -> None:
    program = compile_graph(getattr(networks, name)(), Hardware(array_size=size))
    assert describe(program)["predicted_cycles"] < cycles


def test_a_matrix_with_a_frame_is_loaded_whole() -> None:
    """One reader of the input needs a frame round its rows; the other could take it in parts."""
    graph = GraphBuilder(1, 20, 1, 256)
    plain = graph.conv("x", 8, (1, 1), padding=(0, 0, 0, 0))
    framed = graph.conv("x", 8, (3, 1), padding=(1, 1, 0, 0))
    built = graph.build(graph.pointwise(plain, residual=framed))
    golden_outputs(compile_graph(built, Hardware(array_size=4)), inferences_of(built))


@pytest.mark.parametrize("size", [8, 16])
@pytest.mark.parametrize("shape", [(64, 256, 64), (128, 128, 128), (256, 256, 64)])
def test_products_come_near_the_limit(shape: tuple[int, int, int], size: int) -> None:
    rows, words, columns = shape
    graph = GraphBuilder(rows, words)
    program = compile_graph(graph.build(graph.linear("x", columns)), Hardware(array_size=size))
    document = describe(program)
    assert document["predicted_cycles"] < 1.2 * document["limit_cycles"]
    assert not any(job.fence for layer in program.layers for job in layer.jobs)


def test_one_row_is_one_descriptor_a_layer() -> None:
    graph = GraphBuilder(1, 784)
    last = graph.linear("x", 128, low=0.0)
    built = graph.build(graph.softmax(graph.linear(graph.linear(last, 64), 10)))
    program = compile_graph(built, Hardware())
    jobs = [layer.jobs for layer in program.layers if isinstance(layer, EngineLayer)]
    assert [len(of_layer) for of_layer in jobs] == [1, 1, 1]
    assert [of_layer[0].fence for of_layer in jobs] == [Fence.NONE, Fence.ALL, Fence.ALL]
    assert [segment.target for segment in program.segments] == ["engine", "cpu"]


def test_first_layer_fills_the_array() -> None:
    """Three channels: slices go on from kernel row to kernel row."""
    program = compile_graph(networks.resnet8(), Hardware(array_size=16))
    first = program.layers[0]
    assert len(first.slices) == 2
    assert sorted(np.concatenate(first.slices).tolist()) == list(range(27))
