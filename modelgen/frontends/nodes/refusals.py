"""Why a model or a node is refused, in the words of its file: nodes, tensors, operator types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from modelgen.frontends.torch_export.complaints import Complaint


def of_model(problem: str, hint: str = "") -> Complaint:
    """Return the complaint about a model as a whole, or one of its tensors."""
    return Complaint("", (), "", (problem,), (hint,) if hint else ())


def of_node(name: str, operator: str, reason: str, hint: str = "") -> Complaint:
    """Return the complaint about a node; the reason completes a sentence that begins with it."""
    problem = f"Layer '{name}' ({operator}) {reason}"
    return Complaint(name, (operator,), "", (problem,), (hint,) if hint else ())


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
