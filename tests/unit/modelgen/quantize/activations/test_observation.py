"""All tensors of a graph for some inputs."""

from __future__ import annotations

import numpy as np

from modelgen.ir.execute import run_graph
from modelgen.quantize.activations.observation import BLOCK, observe, outputs_of, stacked
from tests.support.float_layers import residual, rows


def test_every_tensor_of_every_inference() -> None:
    graph = residual()
    given = rows(graph, BLOCK + 3)
    blocks = list(observe(graph, given))
    assert [len(block["x"]) for block in blocks] == [BLOCK, 3]
    for node in graph.nodes:
        assert blocks[1][node.output].shape == (3, *graph.tensors[node.output].shape)
    np.testing.assert_array_equal(blocks[0]["x"].reshape(BLOCK, -1), given[:BLOCK])


def test_outputs_are_those_of_the_graph() -> None:
    graph = residual()
    given = rows(graph, 5)
    np.testing.assert_allclose(outputs_of(graph, given), run_graph(graph, given), atol=1e-6)


def test_inputs_are_stacked() -> None:
    graph = residual()
    found = stacked(graph, rows(graph, 3))
    assert found["x"].shape == (3, 1, 8, 8, 2)
