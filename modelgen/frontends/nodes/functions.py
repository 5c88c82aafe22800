"""Functions of one value, found in the nodes that exporters write for them.

The device computes SiLU, GELU and the like as one function. Formats that do not have them hold a
product with a sigmoid instead, or sums, powers and roots.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modelgen.frontends.nodes.module import Step
from modelgen.frontends.nodes.patterns import Match, Pattern, Steps

_FUNCTIONS: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (
    ("Swish", F.silu),
    ("HardSwish", F.hardswish),
    ("Mish", F.mish),
    ("Gelu", F.gelu),
    ("Gelu", partial(F.gelu, approximate="tanh")),
)
"""Functions that are looked for."""
_LONGEST = 12
"""Steps that a function consists of at most."""
_TOLERANCE = 2.0**-19
"""How far results may be from the function's, times the argument: some are differences of numbers
of its size."""


def function_pattern(operators: Collection[str]) -> Pattern:
    """Return the pattern of steps that compute a known function of one value, whatever its form.

    They do if their results are the function's for numbers of all sizes.

    Args:
        operators: with which functions are written; each computes a value from a value and numbers.
    """

    def match(view: Steps, last: Step) -> Match | None:
        for source, steps in _cones(operators, view, last):
            if len(steps) == 1 or view.ranks[source] != view.ranks[last.outputs[0]]:
                continue
            results = _results(steps, source)
            for name, function, wanted in _known_functions():
                if ((results - wanted).abs() <= _TOLERANCE * _samples().abs()).all():
                    return Match(name, lambda _, x, of=function: of(x), (source,), steps)
        return None

    return match


def _cones(
    operators: Collection[str], view: Steps, last: Step
) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """Yield the tensors that alone decide on a result, and the steps between, in order."""
    steps = [last]
    while len(steps) <= _LONGEST and _is_elementwise(operators, steps[0]):
        made = {name for step in steps for name in step.outputs}
        sources = {
            name
            for step in steps
            for at, name in enumerate(step.inputs)
            if name and name not in made and at not in step.layer.node.constants
        }
        if len(sources) == 1:
            yield next(iter(sources)), tuple(steps)
        before = view.last_of(sources)
        if before is None:
            return
        steps.insert(0, before)


def _is_elementwise(operators: Collection[str], step: Step) -> bool:
    """Return whether a step computes each value from a value and numbers."""
    constants = step.layer.node.constants.values()
    return step.layer.node.operator in operators and all(each.size == 1 for each in constants)


def _results(steps: Sequence[Step], source: str) -> Tensor:
    """Return what steps compute from the samples."""
    values = {source: _samples()}
    for step in steps:
        constants = step.layer.node.constants
        given = (
            torch.tensor(constants[at].item()) if at in constants else values.get(name)
            for at, name in enumerate(step.inputs)
        )
        (values[step.outputs[0]],) = step.layer(*given)
    return values[steps[-1].outputs[0]]


@cache
def _samples() -> Tensor:
    """Return FP32 numbers of both signs and of all sizes, most of them where functions bend."""
    positive = np.concatenate([np.geomspace(1e-6, 1e4, 60), np.linspace(0.05, 12, 240)])
    return torch.from_numpy(np.concatenate([-positive, positive]).astype(np.float32))


@cache
def _known_functions() -> tuple[tuple[str, Callable[[Tensor], Tensor], Tensor], ...]:
    """Return functions of one value: their names, they themselves, and results."""
    return tuple((name, function, function(_samples())) for name, function in _FUNCTIONS)
