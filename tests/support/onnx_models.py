"""Small ONNX models: writing them, and comparing what is made of them with ONNX Runtime."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from modelgen.frontends.onnx.builder import Network, build
from modelgen.frontends.onnx.runtime import outputs_of
from modelgen.frontends.torch_export.import_check import check_import
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.frontends.torch_export.module_run import run_module
from modelgen.progress import Silent

newer_runtime = pytest.mark.skipif(
    sys.version_info < (3, 11),
    reason="ONNX Runtime 1.23, the last for Python 3.10, has not got it or computes it differently",
)
Arrays = Mapping[str, np.ndarray]


def random(*shape: int, seed: int = 1) -> np.ndarray:
    """Return FP32 numbers of both signs."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def model(
    nodes: Sequence[Any],
    inputs: Arrays,
    outputs: Sequence[str] = ("y",),
    fixed: Arrays | None = None,
    opset: int = 17,
) -> Any:
    """Return an onnx.ModelProto.

    Args:
        nodes: its nodes.
        inputs: name -> an example; open sizes are those of the example.
        outputs: names.
        fixed: name -> value of its initializers.
        opset: version of the operators.
    """
    helper, kinds = onnx.helper, onnx.helper.np_dtype_to_tensor_dtype
    given = [
        helper.make_tensor_value_info(name, kinds(value.dtype), value.shape)
        for name, value in inputs.items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "test",
        given,
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [onnx.numpy_helper.from_array(value, name) for name, value in (fixed or {}).items()],
    )
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


def one(
    operator: str,
    inputs: Arrays,
    fixed: Arrays | None = None,
    *,
    opset: int = 17,
    order: Sequence[str] | None = None,
    outputs: Sequence[str] = ("y",),
    **attributes: Any,
) -> Any:
    """Return a model of one node, called "node".

    Args:
        operator: its type.
        inputs: what the model takes.
        fixed: its initializers.
        opset: version of the operators.
        order: of the node's inputs; by default, first the model's, then the initializers.
        outputs: of the node and the model.
        attributes: of the node.
    """
    names = [*inputs, *(fixed or {})] if order is None else order
    node = onnx.helper.make_node(operator, names, outputs, "node", **attributes)
    return model([node], inputs, [name for name in outputs if name], fixed, opset)


def truth(proto: Any, inputs: Arrays) -> tuple[np.ndarray, ...]:
    """Return what ONNX Runtime computes, with its types: the shapes of outputs are its own."""
    typed = onnx.shape_inference.infer_shapes(proto)
    return outputs_of(typed.SerializeToString(), inputs)


def compare(proto: Any, inputs: Arrays, *, exact: bool = False, tolerance: float = 2e-6) -> Network:
    """Build the module of a model, check that it returns what ONNX Runtime does; return it.

    Args:
        proto: the model.
        inputs: name -> value.
        exact: whether all bits have to be equal; otherwise, how far results may be apart is
            `tolerance` times the largest one.
        tolerance: relative to the largest result.
    """
    wanted = truth(proto, inputs)
    network = build(proto)
    got = network.module(*(torch.from_numpy(inputs[name].copy()) for name in network.inputs))
    results = got if isinstance(got, tuple) else (got,)
    assert len(results) == len(wanted)
    for result, expected in zip(results, wanted, strict=True):
        value = result.numpy()
        assert value.shape == expected.shape
        if exact:
            np.testing.assert_array_equal(value, expected)
        else:
            limit = tolerance * max(float(np.abs(expected).max(initial=0)), 1e-30)
            np.testing.assert_allclose(value, expected, rtol=0, atol=limit)
    return network


def imported(proto: Any, inputs: Arrays) -> Any:
    """Import a model as a graph, compare the graph with the module; return the graph."""
    network = build(proto)
    given = [inputs[name] for name in network.inputs]
    found = import_with_origins(network.module, network.arguments, network.batch)
    outputs = run_module(network.module, given, network.batch, Silent())
    flat = [output.reshape(len(given[0]), -1) for output in outputs]
    check_import(found, given, np.concatenate(flat, axis=1))
    return found.graph
