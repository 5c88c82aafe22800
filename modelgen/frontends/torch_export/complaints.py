"""What is wrong with a model, in its author's words: layers, functions, and lines of the source.

A layer or a function can become many operators in an exported program, of which several may be
unsupported. Its author sees one complaint.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelgen.frontends.torch_export.calls import (
    ASSIGNMENT,
    function_name,
    has_fixed_shape,
    is_layer,
    is_named_after_layer,
    line_of,
    module_path,
    subject,
)
from modelgen.frontends.torch_export.tracing import shape_text

EVALUATION = "Call model.eval() before torch.export; give functions training=self.training."
"""What to do if a layer or function works as in training."""
_NAMED = 3
"""Modules of the same class that are named, of those with the same complaint."""
_WHOLE = "is not supported"
"""What is wrong with a layer that cannot be used at all."""
_OUTSIDE = "Compute it outside the model."
_SPECTRUM = "Compute the spectrum outside the model, and make it the model's input."
_TENSOR = "Keep it a tensor of one element: leave out .item()."
_RANDOM = "Draw random numbers outside the model, and make them an input."
_BRANCHES = "Compute both branches and choose between them, such as with torch.where."
_SIZES = "The size of its result depends on values, but all sizes must be fixed."
_WAYS_OUT = {
    **dict.fromkeys(("stft", "istft"), _SPECTRUM),
    **dict.fromkeys(("bernoulli", "multinomial", "normal", "normal_"), _RANDOM),
    **dict.fromkeys(("rand_like", "randn_like", "randint_like", "uniform_"), _RANDOM),
    **dict.fromkeys(("rand", "randn", "randint", "randperm", "bernoulli_", "random_"), _RANDOM),
    **dict.fromkeys(("cond", "map", "scan", "while_loop"), _BRANCHES),
    **dict.fromkeys(("sort", "argsort", "topk", "unique", "kthvalue"), _OUTSIDE),
    "interpolate": "Supported modes: nearest, nearest-exact, linear, bilinear, area.",
    "item": _TENSOR,
    "autocast": "Run the model without it: all tensors are FP32.",
    "grid_sample": "Use nn.Upsample or F.interpolate, or sample the input outside the model.",
    ASSIGNMENT: "Make a new tensor, such as with torch.where or torch.cat.",
}
"""Function -> what to do instead."""
_WAYS_OUT_OF_MODULES = {"fft": _SPECTRUM, "linalg": _OUTSIDE}
"""Module of PyTorch -> what to do instead of its functions."""


@dataclass(frozen=True)
class Complaint:
    """Why a layer of a model, or functions on a line of it, cannot be used."""

    layer: str
    """The module's path in the model; "" for a function that the model itself calls."""
    operators: tuple[str, ...]
    """The functions of PyTorch."""
    line: str
    """The model's own line, "project.py:12: x = torch.tanh(x)"; "" if it is unknown."""
    problems: tuple[str, ...]
    """Sentences without an end, such as "Layer 'fc' (Linear) is not supported"."""
    hints: tuple[str, ...] = ()
    """Sentences that say what to do."""
    others: tuple[str, ...] = ()
    """Paths of other modules of the same class that run the same line."""

    @property
    def is_of_layer(self) -> bool:
        """Return whether it is about a layer, not about functions."""
        return self.problems[0].startswith("Layer ")

    def __str__(self) -> str:
        """Return the whole message, in one line."""
        first, *others = self.problems
        sentence = "; ".join((first, *(text[0].lower() + text[1:] for text in others)))
        where = f", at {self.line}" if self.line else ""
        return " ".join((f"{sentence}{where}.", *self._about_others(), *self.hints))

    def _about_others(self) -> Iterator[str]:
        names = [f"'{path}'" for path in self.others[:_NAMED]]
        if len(self.others) > _NAMED:
            names.append(f"{len(self.others) - _NAMED} more")
        if names:
            yield f"The same goes for {', '.join(names)}."


def complaint(call: Any, reason: str, hint: str = "") -> Complaint:
    """Return the complaint about a call.

    Args:
        call: a call of an exported program.
        reason: completes a sentence that begins with the layer or function.
        hint: a sentence that says what to do, or "".
    """
    hints = (hint,) if hint else ()
    problem = f"{subject(call)} {reason}"
    return Complaint(module_path(call), (function_name(call),), line_of(call), (problem,), hints)


def about_output(shape: Sequence[int], batch: int) -> Complaint | None:
    """Return the complaint about an output that has no result for each sample of a batch, or None.

    Args:
        shape: of a tensor that forward() returns.
        batch: samples that forward() gets.
    """
    if math.prod(shape) % batch == 0:
        return None
    problem = (
        f"The model's output has the shape {shape_text(shape)}, which is not one result for each "
        f"of the {batch} inputs of a batch"
    )
    return Complaint("", (), "", (problem,), ("Keep the batch as the first dimension.",))


def unsupported(call: Any, *, in_other_forms: bool = False) -> Complaint:
    """Return the complaint about a call of a function that cannot be translated.

    Args:
        call: a call of an exported program.
        in_other_forms: whether the function can be translated with other arguments.
    """
    name = function_name(call)
    by_module = _WAYS_OUT_OF_MODULES.get(name.partition(".")[0], "")
    sizes = "" if _is_sized(call.meta.get("val")) else _SIZES
    hint = _WAYS_OUT.get(name, by_module or sizes)
    if is_layer(call) and not is_named_after_layer(call):
        return complaint(call, f"uses {name}, which is not supported", hint)
    return complaint(call, f"{_WHOLE} with these arguments" if in_other_forms else _WHOLE, hint)


def _is_sized(value: Any) -> bool:
    """Return whether a call's result is not a tensor whose sizes depend on values."""
    return not hasattr(value, "shape") or has_fixed_shape(value)


def merged(complaints: Iterable[Complaint]) -> tuple[Complaint, ...]:
    """Return complaints with those made one that have the same reason.

    They are about the same layer, the same line of it, or the same line of a class that the model
    has several modules of.
    """
    found: dict[tuple[str, ...], list[Complaint]] = {}
    for each in _of_each_module(complaints):
        unnamed = (problem.replace(f"'{each.layer}'", "") for problem in each.problems)
        found.setdefault((each.line or each.layer, *unnamed), []).append(each)
    return tuple(
        replace(first, others=tuple(other.layer for other in others))
        for first, *others in found.values()
    )


def _of_each_module(complaints: Iterable[Complaint]) -> Iterator[Complaint]:
    found: dict[tuple[str, ...], list[Complaint]] = {}
    for each in complaints:
        place = each.line or ("" if each.is_of_layer else each.problems[0])
        found.setdefault((each.layer, place), []).append(each)
    return map(_joined, found.values())


def _joined(same: list[Complaint]) -> Complaint:
    """Return one complaint for several about the same."""
    problems = _distinct(problem for each in same for problem in each.problems)
    whole = [text for text in problems if same[0].is_of_layer and text.endswith(_WHOLE)]
    return Complaint(
        same[0].layer,
        _distinct(name for each in same for name in each.operators),
        same[0].line,
        tuple(whole) or problems,
        _distinct(hint for each in same for hint in each.hints),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
