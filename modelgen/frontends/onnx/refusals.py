"""Why operators of ONNX are refused."""

from __future__ import annotations

from typing import Any

from modelgen.frontends.nodes.refusals import of_node
from modelgen.frontends.torch_export.complaints import Complaint

_CONTROL = "Compute all branches and choose with Where; unroll loops."
_RANDOM = "Draw random numbers outside the model, and make them an input."
_SIZES = "The size of its result depends on values, but all sizes must be fixed."
_STATIC = "Quantize the model statically, with calibration data."
_REASONS = {
    "If": ("is control flow that depends on the model's input, which is not supported", _CONTROL),
    **dict.fromkeys(("Loop", "Scan"), ("is control flow, which is not supported", _CONTROL)),
    **dict.fromkeys(
        (
            *("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform"),
            "RandomUniformLike",
        ),
        ("draws random numbers, which is not supported", _RANDOM),
    ),
    **dict.fromkeys(
        ("Compress", "NonMaxSuppression", "NonZero", "Unique"), ("is not supported", _SIZES)
    ),
    **dict.fromkeys(
        ("ConvInteger", "DynamicQuantizeLinear", "MatMulInteger"),
        ("belongs to dynamic quantization, which is not supported", _STATIC),
    ),
}
"""Operator type -> why it is not supported, and what to do instead."""


def is_refused(node: Any) -> bool:
    """Return whether a node's operator is refused for what it does, even if others define it."""
    return node.op_type in _REASONS or _is_of_sequences(node.op_type)


def _is_of_sequences(operator: str) -> bool:
    return "Sequence" in operator or "Optional" in operator


def of_operator(name: str, node: Any) -> Complaint:
    """Return the complaint about a node whose operator is not known.

    Args:
        name: of the node.
        node: an onnx.NodeProto.
    """
    operator = node.op_type
    if node.domain:
        reason = f"is an operator of the domain '{node.domain}', which is not supported"
        hint = "Export the model with operators of ONNX alone, before a runtime optimizes it."
        return of_node(name, operator, reason, hint)
    if _is_of_sequences(operator):
        return of_node(name, operator, "works on sequences or optional values, not on tensors")
    return of_node(name, operator, *_REASONS.get(operator, ("is not supported",)))
