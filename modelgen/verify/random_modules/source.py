"""Random modules as PyTorch source text, and as the classes that the text defines."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from modelgen.verify.random_modules import (
    arguments,
    layers,
    maps,
    moves,
    reshapes,
    strange,
    tensors,
    values,
)
from modelgen.verify.random_modules.description import (
    Argument,
    Kind,
    RandomModule,
    Shape,
    Step,
    UnfitError,
    Written,
    unless,
)

if TYPE_CHECKING:
    import torch

KINDS: dict[str, Kind] = {
    **maps.KINDS,
    **moves.KINDS,
    **values.KINDS,
    **reshapes.KINDS,
    **tensors.KINDS,
    **layers.KINDS,
    **arguments.KINDS,
    **strange.KINDS,
}
AGAIN = "again"
"""Kind of a step that uses the layer or weights of another step again."""
_MOST_VALUES = 12000
"""Most values of a result; simulating larger ones would take too long."""
_MOST_WEIGHTS = 30000
_ODD_WORDS = """
int register model arena input output main layers infer NULL EOF engine heepstor std static
namespace print profiles unsigned Descriptor weights signed volatile nullptr größe layer_1 x0 _ if_
template operator this memory patch patches scale bias result start
"""
_ODD_NAMES = _ODD_WORDS.split()
"""Layer names that may clash with C++, with generated sources, and with each other."""
_HEAD = """import torch
from torch import nn
from torch.nn import functional as F


class RandomModule(nn.Module):
    def __init__(self):
        super().__init__()
"""


class Builder:
    """Writes steps in sequence, and tries each immediately to find the shape of its value."""

    def __init__(self, batch: int, features: Shape, names: str) -> None:
        import torch

        self._batch = batch
        self._odd_names = names == "odd"
        self._self = SimpleNamespace(training=False)
        self._scope: dict[str, Any] = {
            "torch": torch,
            "nn": torch.nn,
            "F": torch.nn.functional,
            "self": self._self,
        }
        self._arguments: dict[str, Argument] = {}
        self._declare(Argument("x0", (batch, *features), "float32"))
        self._names = ["x0"]
        """Name of each value."""
        self._written: dict[int, tuple[Step, str, int]] = {}
        """Number of a step -> the step written for it, its name, and the rank of its source."""
        self._members: dict[str, str] = {}
        self._lines: list[str] = []

    def shape(self, value: int) -> Shape:
        """Return the shape of a value, including the batch."""
        return tuple(self._scope[self._names[value]].shape)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The arguments of forward(), in order."""
        return tuple(self._arguments.values())

    def _declare(self, argument: Argument) -> None:
        """Add an argument to forward(), unless it is there already."""
        import torch

        unless(argument.shape[0] == self._batch)
        known = self._arguments.setdefault(argument.name, argument)
        unless(known == argument)
        kind = getattr(torch, argument.type)
        self._scope.setdefault(argument.name, torch.zeros(argument.shape, dtype=kind))

    def add(self, step: Step) -> bool:
        """Add a step and return True, or return False if it does not fit its sources."""
        number = len(self._names)
        try:
            written, made_by = self._write(step, number)
            members = self._make(written)
            if written.argument is not None:
                self._declare(written.argument)
            value = self._evaluate(written.value, members)
        except UnfitError:
            return False
        self._members.update({m: text for m, text in written.members.items() if m in members})
        self._written[number] = made_by
        self._names.append(f"x{number}")
        self._scope[f"x{number}"] = value
        self._lines.append(f"x{number} = {written.value}")
        return True

    def skip(self, step: Step) -> None:
        """Skip a step that does not fit: readers of its value read its first source instead."""
        self._names.append(self._names[step.sources[0]])

    def _write(self, step: Step, number: int) -> tuple[Written, tuple[Step, str, int]]:
        names = [self._names[source] for source in step.sources]
        shapes = [self.shape(source) for source in step.sources]
        rank = len(shapes[0])
        if step.kind == AGAIN:
            unless(step.settings["of"] in self._written)
            first, name, first_rank = self._written[step.settings["of"]]
            unless(rank == first_rank)
        else:
            first, name = step, self._name(step, number)
        unless(len(names) in KINDS[first.kind].sources)
        written = KINDS[first.kind].write(first.settings, names, shapes, name)
        if step.kind == AGAIN:
            unless(all(self._members.get(m) == text for m, text in written.members.items()))
        return written, (first, name, rank)

    def _name(self, step: Step, number: int) -> str:
        if self._odd_names:
            name = _ODD_NAMES[(7 * number + len(step.kind)) % len(_ODD_NAMES)]
            if not any(member.startswith(name) for member in self._members):
                return name
        return f"{step.kind}{number}"

    def _make(self, written: Written) -> dict[str, Any]:
        """Return the new members that a step needs."""
        new = {m: text for m, text in written.members.items() if m not in self._members}
        made = {}
        for member, text in new.items():
            made[member] = _tried(text, self._scope)
            if hasattr(made[member], "eval"):
                made[member].eval()
                unless(sum(p.numel() for p in made[member].parameters()) <= _MOST_WEIGHTS)
            else:
                unless(made[member].numel() <= _MOST_WEIGHTS)
        return made

    def _evaluate(self, text: str, members: dict[str, Any]) -> torch.Tensor:
        import torch

        vars(self._self).update(members)
        with torch.no_grad():
            # On copies, because an in-place operator may, in rare cases, change other shapes.
            scope = {k: v.clone() if torch.is_tensor(v) else v for k, v in self._scope.items()}
            value = _tried(text, scope)
        unless(torch.is_tensor(value) and 0 < value.numel() <= _MOST_VALUES)
        return value

    def text(self, outputs: Sequence[int], structure: str) -> str:
        """Return the module's class as source text; see `RandomModule`."""
        made = [f"        self.{member} = {text}\n" for member, text in self._members.items()]
        lines = [*self._lines, f"return {self._returned(outputs, structure)}"]
        body = "".join(f"        {line}\n" for line in lines)
        given = ", ".join(("self", *self._arguments))
        return f"{_HEAD}{''.join(made)}\n    def forward({given}):\n{body}"

    def _returned(self, outputs: Sequence[int], structure: str) -> str:
        names = [self._names[output] for output in outputs]
        if len(names) == 1:
            return names[0]
        if structure == "dict":
            return f"{{{', '.join(f'{place!r}: {name}' for place, name in enumerate(names))}}}"
        return f"[{', '.join(names)}]" if structure == "list" else ", ".join(names)


def _tried(text: str, scope: dict[str, Any]) -> Any:
    """Return the value of an expression; raise UnfitError if PyTorch rejects it."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return eval(text, scope)
    except (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError) as error:
        raise UnfitError from error


def _built(module: RandomModule) -> Builder:
    builder = Builder(module.batch, module.features, module.names)
    for step in module.steps:
        if not builder.add(step):
            builder.skip(step)
    return builder


def text(module: RandomModule) -> str:
    """Return what is needed to reproduce the module: PyTorch code, and how to use it."""
    builder = _built(module)
    given = ", ".join(
        f"{argument.name} {'x'.join(map(str, argument.shape))} {argument.type}"
        for argument in builder.arguments
    )
    return (
        f"# Inputs: {given} ({module.values}); scale {module.scale!r}, buffer of "
        f"{module.buffer_words} words, {module.accumulator_depth} accumulators.\n"
        f"{builder.text(module.outputs, module.structure)}\n\n"
        f"model = RandomModule().{'train' if module.train else 'eval'}()\n"
        f"modelgen.verify.random_modules.fill(model, {module.seed}, {module.weights!r})\n"
    )


def arguments_of(module: RandomModule) -> tuple[Argument, ...]:
    """Return the arguments of the module's forward(), in order."""
    return _built(module).arguments


def first_unfit(module: RandomModule) -> int | None:
    """Return the number of the first step that does not fit and is not in the text, or None."""
    builder = Builder(module.batch, module.features, module.names)
    return next((n for n, step in enumerate(module.steps, 1) if not builder.add(step)), None)


def make_class(module: RandomModule) -> type[torch.nn.Module]:
    """Return the class that the text defines, such that tracebacks can quote its lines."""
    code = _built(module).text(module.outputs, module.structure)
    name = f"random_module_{module.seed}.py"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"__name__": "random_module"}
    exec(compile(code, name, "exec"), scope)
    return scope["RandomModule"]
