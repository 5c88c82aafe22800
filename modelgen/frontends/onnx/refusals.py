"""Why a model or a node is refused, in the words of its file: nodes, tensors, operator types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from modelgen.frontends.torch_export.complaints import Complaint

_CONTROL = "Compute all branches and choose with Where; unroll loops."
_RANDOM = "Draw random numbers outside the model, and make them an input."
_SIZES = "The size of its result depends on values, but all sizes must be fixed."
_QUANTIZED = "Export the model before it is quantized."
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
        (
            *("ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger"),
            *("QLinearConv", "QLinearMatMul", "QuantizeLinear"),
        ),
        ("is an operator of quantized models; only float models are supported", _QUANTIZED),
    ),
}
"""Operator type -> why it is not supported, and what to do instead."""


def of_model(problem: str, hint: str = "") -> Complaint:
    """Return the complaint about a model as a whole, or one of its tensors."""
    return Complaint("", (), "", (problem,), (hint,) if hint else ())


def of_node(name: str, operator: str, reason: str, hint: str = "") -> Complaint:
    """Return the complaint about a node; the reason completes a sentence that begins with it."""
    problem = f"Layer '{name}' ({operator}) {reason}"
    return Complaint(name, (operator,), "", (problem,), (hint,) if hint else ())


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


def merged(complaints: Iterable[Complaint]) -> tuple[Complaint, ...]:
    """Return complaints with those made one that have the same operator and reason."""
    return tuple(_grouped(complaints))


def _grouped(complaints: Iterable[Complaint]) -> Iterator[Complaint]:
    found: dict[tuple[str, ...], list[Complaint]] = {}
    for each in complaints:
        problems = (problem.replace(f"'{each.layer}'", "", 1) for problem in each.problems)
        found.setdefault((*each.operators, *problems), []).append(each)
    for first, *others in found.values():
        yield replace(first, others=tuple(other.layer for other in others))
