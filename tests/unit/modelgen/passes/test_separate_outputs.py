"""Outputs that are stored where something else is."""

from __future__ import annotations

import numpy as np
import torch

from modelgen.frontends.torch_export.importer import import_model
from modelgen.hardware import Hardware
from modelgen.ir.packing import pack_inputs
from modelgen.passes.simplify import simplify
from modelgen.plan.compiler import compile_graph
from modelgen.quantize.weights import quantize
from modelgen.verify.golden import golden_outputs
from tests.support.imported import operators
from tests.support.same import Function


def test_each_output_has_memory_of_its_own() -> None:
    def function(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        y = torch.relu(x)
        return y, y.flatten(1), x, x.flatten(), y + 1

    graph = simplify(import_model(Function(function), (2, 3), 1))
    assert len(set(graph.outputs)) == 5
    assert operators(graph).count("pointwise") == 5
    values = np.random.default_rng(0).standard_normal((1, 2, 3)).astype(np.float32)
    program = compile_graph(quantize(graph), Hardware())
    got = golden_outputs(program, pack_inputs(graph, (values,))).reshape(5, 6)
    x = values.reshape(-1)
    y = np.maximum(x, 0)
    np.testing.assert_array_equal(got, [y, y, x, x, y + 1])


def test_outputs_that_are_apart_stay() -> None:
    graph = import_model(Function(lambda x: (torch.relu(x), x + 1)), (3,), 1)
    assert len(simplify(graph).nodes) == 2
