"""Descriptions of random modules, which can be compared and shrunk."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]
LARGEST_ID = 6
"""The integers that a module gets are not negative, and not larger."""
STRUCTURES = ("tuple", "list", "dict")


class UnfitError(Exception):
    """A step does not support the shapes of its sources."""


@dataclass(frozen=True)
class Step:
    """One line of a random module's forward()."""

    kind: str
    """Name of a `Kind`."""
    sources: tuple[int, ...]
    """Values that it reads: 0 is the module's first input, k the result of the k-th step."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The values drawn, without sizes that follow from the shapes of the sources."""


@dataclass(frozen=True)
class RandomModule:
    """A random module, its weights and inputs, and the hardware sizes to compile it for."""

    seed: int
    """Seed of the values of weights and inputs."""
    batch: int
    features: Shape
    """Shape of one sample of the first input; steps add further inputs."""
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    """The values that are returned, numbered as in `Step.sources`."""
    structure: str
    """In what several values are returned: one of `STRUCTURES`."""
    train: bool
    """Whether the module is passed to the compiler in training mode."""
    names: str
    """"plain", or "odd": layers have names that may clash with generated C++."""
    weights: str
    """"plain", or "odd": including all-zero, tiny and huge channels, and unusual statistics."""
    values: str
    """Style of the inputs: one of `weights.VALUES`."""
    scale: str
    """How scales are chosen: see `modelgen.quantize.weights.SCALES`."""
    buffer_words: int
    accumulator_depth: int


@dataclass(frozen=True)
class Argument:
    """An argument of forward()."""

    name: str
    shape: Shape
    """With the batch, which is the first dimension."""
    type: str
    """"float32", "int64" or "bool"."""


@dataclass(frozen=True)
class Written:
    """A step as source text."""

    value: str
    """The expression that computes its value."""
    members: dict[str, str] = field(default_factory=dict)
    """Attribute of the module -> the expression that creates it."""
    argument: Argument | None = None
    """The argument of forward() that the expression needs, besides its sources."""


def formatted(form: tuple[str, str], names: Sequence[str], name: str, **values: Any) -> Written:
    """Return a step from two format strings: its value, and the layer it calls ("" for none)."""
    value, layer = (part.format(*names, name=name, **values) for part in form)
    return Written(value, {name: layer} if layer else {})


Write = Callable[[dict[str, Any], Sequence[str], Sequence[Shape], str], Written]
"""Returns a step as source text, given its settings, the names and shapes of its sources, and a
name for its attributes of the module; raises UnfitError."""


@dataclass(frozen=True)
class Kind:
    """A kind of step."""

    draw: Callable[[Random, Shape], dict[str, Any]]
    """Returns random settings for a source of a given shape; raises UnfitError."""
    write: Write
    weights: dict[int, float]
    """Rank of the source -> relative frequency of this kind; 0 stands for any other rank."""
    sources: tuple[int, ...] = (1,)
    """Possible numbers of values that it reads."""
    beside: Callable[[Shape, Shape], bool] = operator.eq
    """Returns whether a value of the second shape can be a further source, given the first's."""


class Random:
    """Seeded random choices."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def number(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return int(self._random.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return bool(self._random.random() < probability)

    def choice(self, items: Sequence[Any], weights: Sequence[float] | None = None) -> Any:
        """Return one of the items; `weights` are their relative frequencies."""
        if weights is None:
            return items[self.number(0, len(items) - 1)]
        shares = np.asarray(weights, float)
        return items[int(self._random.choice(len(items), p=shares / shares.sum()))]


def unless(condition: bool) -> None:
    """Raise UnfitError unless a condition holds."""
    if not condition:
        raise UnfitError
