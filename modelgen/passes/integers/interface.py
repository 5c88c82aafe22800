"""Networks that take and return integers: a quantized graph without what converts them."""

from __future__ import annotations

from dataclasses import replace

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.errors import ModelError
from modelgen.ir.graph import ElementType, Graph
from modelgen.operators import Dequantize, Quantize
from modelgen.passes.drop_unused import drop_unused

_UNREAD = Quantization(1.0, 0)
"""Of an input that nothing reads."""


def with_integer_interface(graph: Graph) -> Graph:
    """Return a graph whose inputs and outputs are the integers that it computes with.

    Args:
        graph: on integers, which quantizes each of its inputs, and returns nothing but what it
            dequantizes.

    Raises:
        ModelError: an input or an output stays FP32.
    """
    tensors = dict(graph.tensors)
    of_input: dict[str, str] = {}
    for name in graph.inputs:
        quantization = _UNREAD
        for reader in graph.consumers(name):
            if not isinstance(reader.operator, Quantize):
                raise _stays_fp32(name)
            quantization = reader.operator.quantization
            of_input[reader.output] = name
        tensors[name] = replace(tensors[name], element=ElementType.INT8, quantization=quantization)
    nodes = [
        replace(node, inputs=tuple(of_input.get(name, name) for name in node.inputs))
        for node in graph.nodes
        if node.output not in of_input
    ]
    outputs = tuple(_integers_of(graph, name) for name in graph.outputs)
    return drop_unused(graph.with_nodes(nodes, tensors=tensors, outputs=outputs))


def _integers_of(graph: Graph, name: str) -> str:
    """Return the tensor that the node of an output dequantizes."""
    node = graph.producer(name)
    if node is None or not isinstance(node.operator, Dequantize):
        raise _stays_fp32(name)
    return node.inputs[0]


def _stays_fp32(name: str) -> ModelError:
    """Return the error about an end of the network that the calibration left without a scale."""
    return ModelError(
        f"Tensor '{name}' has no integers: it stays FP32, as where a calibration input makes it "
        'infinite. Set interface to "fp32", or give finite calibration inputs.'
    )
