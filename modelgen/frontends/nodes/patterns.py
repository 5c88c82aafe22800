"""Steps of a model that compute together what one layer does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelgen.frontends.nodes.module import Function, Step, layer
from modelgen.frontends.nodes.node import FileNode


@dataclass(frozen=True)
class Match:
    """Steps that compute what a single operator does."""

    operator: str
    function: Function
    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    """All of them, the last one last."""
    constants: dict[int, np.ndarray] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


class Steps:
    """The steps of a model, by what they read and write."""

    def __init__(
        self, steps: Sequence[Step], outputs: Sequence[str], ranks: Mapping[str, int]
    ) -> None:
        self.ranks = ranks
        self._order = {id(step): place for place, step in enumerate(steps)}
        self._made = {name: step for step in steps for name in step.outputs if name}
        self._outputs = set(outputs)
        self._readers: dict[str, list[Step]] = {}
        for step in steps:
            for name in step.inputs:
                self._readers.setdefault(name, []).append(step)

    def made(self, name: str, operator: str) -> Step | None:
        """Return the step that computes a tensor, if it has this operator."""
        step = self._made.get(name)
        return step if step is not None and step.layer.node.operator == operator else None

    def last_of(self, names: Iterable[str]) -> Step | None:
        """Return the last of the steps that compute some tensors, or None if none does."""
        steps = [self._made[name] for name in names if name in self._made]
        return max(steps, key=lambda step: self._order[id(step)], default=None)

    def are_alone(self, steps: Sequence[Step]) -> bool:
        """Return whether nothing else reads what all but the last of some steps compute."""
        inside = {id(step) for step in steps}
        names = [name for step in steps[:-1] for name in step.outputs]
        return not self._outputs.intersection(names) and all(
            id(reader) in inside for name in names for reader in self._readers.get(name, ())
        )


Pattern = Callable[[Steps, Step], Match | None]
"""Returns what ends with a step, or None."""


def joined(
    patterns: Sequence[Pattern],
    steps: Sequence[Step],
    outputs: Sequence[str],
    ranks: Mapping[str, int],
) -> list[Step]:
    """Return steps with those made one that match a pattern.

    Args:
        patterns: the first that matches counts.
        steps: of a model, in order.
        outputs: tensors that the model returns.
        ranks: tensor that depends on the inputs -> its number of dimensions.
    """
    view = Steps(steps, outputs, ranks)
    gone: set[int] = set()
    found: list[Step] = []
    for step in reversed(steps):
        if id(step) in gone:
            continue
        match = next(_matches(patterns, view, step), None)
        if match is not None:
            gone.update(id(each) for each in match.steps)
            step = _joined(match)
        found.append(step)
    return found[::-1]


def _matches(patterns: Sequence[Pattern], view: Steps, last: Step) -> Iterator[Match]:
    for pattern in patterns:
        match = pattern(view, last)
        if match is not None and view.are_alone(match.steps):
            yield match


def _joined(match: Match) -> Step:
    """Return one step for several, which has the name of the last."""
    last = match.steps[-1]
    node = FileNode(
        last.layer.node.name,
        match.operator,
        match.attributes,
        match.inputs,
        last.outputs,
        match.constants,
    )
    return Step(layer(node, match.function), match.inputs, last.outputs)


def number_of(step: Step, position: int) -> float | None:
    """Return an input that is a single constant number, or None."""
    values = step.layer.node.constants.get(position)
    return float(values.reshape(-1)[0]) if values is not None and values.size == 1 else None
