"""A graph with Quantize and Dequantize in PyTorch, where gradients pass through the rounding.

Integers are FP32 numbers. What a rounding and a clamp do to a value is taken for a constant where
the value is in range ("straight-through"), so that a network can be trained as it will be computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from modelgen.arithmetic.integer.requantization import HIGHEST, LOWEST
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Dequantize, Quantize

if TYPE_CHECKING:
    import torch

Tensors = dict[str, "torch.Tensor"]


def simulate(graph: Graph, constants: Mapping[str, torch.Tensor], inputs: Tensors) -> Tensors:
    """Return all tensors of one inference that depend on its inputs.

    Args:
        graph: of float operators, with Quantize and Dequantize or without.
        constants: the graph's, by name.
        inputs: the graph's, by name, FP32.
    """
    tensors = {name: constants[name] for name in graph.constant_tensors} | inputs
    for node in graph.nodes:
        result = _evaluated(node, [tensors[name] for name in node.inputs], constants)
        tensors[node.output] = result.reshape(graph.tensors[node.output].shape)
    return {name: tensors[name] for name in (*graph.inputs, *(n.output for n in graph.nodes))}


def _evaluated(
    node: Node, inputs: list[torch.Tensor], constants: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    if isinstance(node.operator, Quantize):
        found = node.operator.quantization
        # Before the zero point is added: it would turn ties.
        limits = LOWEST - found.zero_point, HIGHEST - found.zero_point
        return rounded(inputs[0] / found.scale, *limits) + found.zero_point
    if isinstance(node.operator, Dequantize):
        found = node.operator.quantization
        return (inputs[0] - found.zero_point) * found.scale
    own = {role: constants[name] for role, name in node.constants.items()}
    return node.operator.evaluate_float(inputs, own)


def rounded(values: torch.Tensor, low: int, high: int) -> torch.Tensor:
    """Return the nearest integers in a range, ties to even, with the gradients of a clamp."""
    clamped = values.clamp(low, high)
    return clamped + (clamped.round() - clamped).detach()


Run = Callable[[Tensors], Tensors]


def each_inference(graph: Graph, constants: Mapping[str, torch.Tensor]) -> Run:
    """Return the function that simulates many inferences at a time: (inferences, shape...)."""
    import torch

    run: Run = torch.func.vmap(lambda inputs: simulate(graph, constants, inputs))
    return run
