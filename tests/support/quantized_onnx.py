"""Quantized ONNX models, written node by node, and graphs of them beside ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from modelgen.frontends.onnx.builder import build
from modelgen.frontends.onnx.runtime import outputs_of
from modelgen.frontends.torch_export.importer import import_with_origins
from modelgen.ir.execute_exact import run_layers
from modelgen.ir.graph import Contract, Graph
from modelgen.passes.integers.fuse import fuse_integers

LOWEST = {"uint8": 0, "int8": -128}
Scale = tuple[float, int]
"""Scale, and zero point above the lowest integer."""


class Writer:
    """A model under construction; tensors are names."""

    def __init__(self, kind: str = "uint8", opset: int = 17) -> None:
        """Begin without nodes; `kind` is the type of activations."""
        self.kind, self._opset = kind, opset
        self._nodes: list[Any] = []
        self._fixed: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def _name(self, beginning: str) -> str:
        return f"{beginning}{len(self._nodes) + len(self._fixed) + len(self._inputs)}"

    def fixed(self, values: Any) -> str:
        """Add an initializer."""
        self._fixed.append(onnx.numpy_helper.from_array(np.asarray(values), self._name("c")))
        return str(self._fixed[-1].name)

    def input(self, *shape: int, kind: str = "float32") -> str:
        """Add an input."""
        element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
        name = self._name("x")
        self._inputs.append(onnx.helper.make_tensor_value_info(name, element, shape))
        return name

    def integers(self, *shape: int) -> str:
        """Add an input of the type of activations."""
        return self.input(*shape, kind=self.kind)

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node; return its output."""
        output = self._name("t")
        name = f"{operator}_{output}"
        made = onnx.helper.make_node(operator, inputs, [output], name, domain=domain, **attributes)
        self._nodes.append(made)
        return output

    def zero(self, scale: Scale) -> str:
        """Add a zero point of activations."""
        return self.fixed(np.array(LOWEST[self.kind] + scale[1], self.kind))

    def quantize(self, x: str, scale: Scale) -> str:
        """Add a QuantizeLinear."""
        return self.node("QuantizeLinear", x, self.fixed(np.float32(scale[0])), self.zero(scale))

    def dequantize(self, x: str, scale: Scale) -> str:
        """Add a DequantizeLinear."""
        return self.node("DequantizeLinear", x, self.fixed(np.float32(scale[0])), self.zero(scale))

    def both(self, x: str, scale: Scale) -> str:
        """Add a QuantizeLinear and a DequantizeLinear."""
        return self.dequantize(self.quantize(x, scale), scale)

    def weight(self, values: np.ndarray, scale: Any, axis: int = 0, zero: Any = 0) -> str:
        """Add a DequantizeLinear of a constant, with one scale or several."""
        scales = np.asarray(scale, np.float32)
        zeros = np.broadcast_to(np.asarray(zero, values.dtype), scales.shape)
        inputs = self.fixed(values), self.fixed(scales), self.fixed(zeros)
        attributes = {"axis": axis} if scales.ndim else {}
        return self.node("DequantizeLinear", *inputs, **attributes)

    def returns(self, *names: str, kind: str | None = None) -> None:
        """Make tensors outputs of the model; `kind` is theirs, by default that of activations."""
        element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind or self.kind))
        for name in names:
            self._outputs.append(onnx.helper.make_tensor_value_info(name, element, None))

    def proto(self) -> Any:
        """Return the onnx.ModelProto."""
        made = onnx.helper.make_graph(self._nodes, "test", self._inputs, self._outputs, self._fixed)
        domains = {"": self._opset, "com.microsoft": 1}
        imports = [onnx.helper.make_opsetid(*each) for each in domains.items()]
        return onnx.helper.make_model(made, opset_imports=imports, ir_version=10)


def graph_of(proto: Any, batch: int | None = None) -> Graph:
    """Return the graph of integers of a model."""
    network = build(proto, batch)
    found = import_with_origins(network.module, network.arguments, network.batch)
    return fuse_integers(found.graph, Contract.ONNXRUNTIME)


def run(graph: Graph, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the outputs of a graph; UINT8 inputs become INT8."""
    given = {}
    for name, values in zip(graph.inputs, inputs, strict=True):
        ours = values if values.dtype != np.uint8 else (values ^ 0x80).view(np.int8)
        shape = graph.tensors[name].shape
        given[name] = ours.transpose(graph.orders.get(name, range(ours.ndim))).reshape(shape)
    tensors = run_layers(graph, given, 8)
    return [tensors[name] for name in graph.outputs]


def differences(proto: Any, *runs: Sequence[np.ndarray]) -> tuple[int, Graph]:
    """Return how many results of a model's graph differ from ONNX Runtime's, and the graph.

    Args:
        proto: an onnx.ModelProto.
        runs: the inputs of each inference.
    """
    names, model = [value.name for value in proto.graph.input], proto.SerializeToString()
    graph = graph_of(proto)
    wrong = 0
    for inputs in runs:
        wanted = outputs_of(model, dict(zip(names, inputs, strict=True)))
        for found, expected in zip(run(graph, inputs), wanted, strict=True):
            ours = expected if expected.dtype != np.uint8 else (expected ^ 0x80).view(np.int8)
            assert found.shape == ours.shape and found.dtype == ours.dtype
            wrong += int((found != ours).sum())
    return wrong, graph


def every_pair(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of integers, shape (256, 256) each."""
    every = np.arange(LOWEST[kind], LOWEST[kind] + 256).astype(kind)
    first, second = np.broadcast_arrays(every[:, None], every[None])
    return first.copy(), second.copy()


def integers(kind: str, *shape: int, seed: int = 1) -> np.ndarray:
    """Return random integers."""
    low = LOWEST[kind]
    return np.random.default_rng(seed).integers(low, low + 256, shape).astype(kind)


def operators(graph: Graph) -> list[str]:
    """Return the names of a graph's operators, in order."""
    return [node.operator.name for node in graph.nodes]
