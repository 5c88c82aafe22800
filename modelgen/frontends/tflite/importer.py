"""From a .tflite file with INT8 activations to a graph that computes the same, bit for bit.

What a file gives depends on the kernels that run it; the graph follows LiteRT's reference kernels
(`OpResolverType.BUILTIN_REF`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelgen.frontends.tflite import movements, pointwise, pooling, products
from modelgen.frontends.tflite.complaints import Complaint, Refusal, refuse
from modelgen.frontends.tflite.reader import read_model
from modelgen.frontends.tflite.records import CONTROL_FLOW, ModelRecord, OperatorRecord
from modelgen.frontends.tflite.translation import Translation
from modelgen.ir.graph import Graph

_MODULES = (products, pooling, pointwise, movements)
OPERATORS = {name: add for module in _MODULES for name, add in module.OPERATORS.items()}
"""Operator of a file -> the function that adds it to a graph."""


@dataclass(frozen=True)
class Imported:
    """A graph, and where its tensors are in the file."""

    graph: Graph
    indices: Mapping[str, int]
    """Tensor of the graph -> index of the tensor in the file; without those that only the graph
    has."""


def import_model(path: Path) -> Imported:
    """Return the graph of a file.

    Raises:
        ModelError: with everything in the file that is damaged or not supported.
    """
    model = read_model(path)
    if model.subgraphs != 1:
        reason = f"the model has {model.subgraphs} subgraphs; only models with one are supported"
        raise refuse(path, [Complaint("", "", reason)])
    to = Translation(model)
    complaints = [c for operator in model.operators for c in _add(to, operator)]
    if complaints:
        raise refuse(path, complaints)
    try:
        graph = to.graph()
    except Refusal as refusal:
        raise refuse(path, [Complaint("", refusal.tensor, refusal.reason)]) from refusal
    return Imported(graph, {n: i for n, i in to.indices.items() if n in graph.tensors})


def _add(to: Translation, operator: OperatorRecord) -> list[Complaint]:
    """Add an operator to the graph; return what is wrong with it."""
    if operator.kind not in OPERATORS:
        reason = "the operator is not supported"
        if operator.kind in CONTROL_FLOW:
            reason = "control flow is not supported; every inference has to run all operators"
        return [Complaint(operator.title, "", reason)]
    try:
        hybrid = _hybrid(to.model, operator)
        if hybrid:
            return [
                Complaint(
                    operator.title,
                    hybrid,
                    "the model is hybrid: its weights are INT8, "
                    "its activations FP32; convert it with INT8 activations",
                )
            ]
        OPERATORS[operator.kind](to, operator)
    except Refusal as refusal:
        return [Complaint(operator.title, refusal.tensor, refusal.reason)]
    return []


def _hybrid(model: ModelRecord, operator: OperatorRecord) -> str:
    """Return the name of FP32 activations that INT8 weights are multiplied with; "" otherwise."""
    if operator.kind not in products.OPERATORS or len(operator.inputs) < 2:
        return ""
    source, weight = (model.tensors[index] for index in operator.inputs[:2])
    return source.name if (source.type, weight.type) == ("FLOAT32", "INT8") else ""
