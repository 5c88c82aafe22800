"""Types and quantizations of the 8-bit tensors in an exported program."""

from __future__ import annotations

from typing import Any

from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.frontends.torch_export.calls import arguments
from modelgen.frontends.torch_export.integers import PER_TENSOR

_OFFSETS = {"torch.int8": 0, "torch.uint8": 128}
"""Type -> how much less our integers are, which are INT8."""


def offset_of(node: Any) -> int | None:
    """Return how much less our integers are than those of a tensor; None if it is not of 8 bits."""
    value = node.meta.get("val")
    return _OFFSETS.get(str(getattr(value, "dtype", None)))


def output_offsets(program: Any) -> list[int]:
    """Return how much less our integers are than each output of a torch.export.ExportedProgram."""
    nodes = {node.name: node for node in program.graph.nodes}
    return [offset_of(nodes[name]) or 0 for name in program.graph_signature.user_outputs]


def quantization_of(scale: float, zero_point: int, offset: int) -> Quantization:
    """Return what our integers stand for.

    Args:
        scale: of the program's integers.
        zero_point: of them.
        offset: what `offset_of` returned.
    """
    return Quantization(float(scale), int(zero_point) - offset)


def quantization_of_input(node: Any) -> Quantization | None:
    """Return the quantization of an input that is nothing but dequantized, or None."""
    offset = offset_of(node)
    readers = [user for user in node.users if str(user.target) == PER_TENSOR[0]]
    if offset is None or not readers or len(readers) < len(node.users):
        return None
    given = arguments(readers[0])
    return quantization_of(given["scale"], given["zero_point"], offset)
