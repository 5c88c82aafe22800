"""What a random module is made of: a description that can be compared and made smaller."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class UnfitError(Exception):
    """A step cannot work on the shapes that it is given."""


@dataclass(frozen=True)
class Step:
    """One line of a random module's forward()."""

    kind: str
    """Name of a `Kind`."""
    sources: tuple[int, ...]
    """Values that it reads: 0 is the module's input, k the result of the k-th step."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What was drawn; sizes that follow from the shapes of the sources are not in it."""


@dataclass(frozen=True)
class RandomModule:
    """A random module, its weights and inputs, and the sizes that the compiler is told."""

    seed: int
    """Of the values of weights and inputs."""
    batch: int
    features: Shape
    """Shape of one input."""
    steps: tuple[Step, ...]
    output: int
    """The value that is returned, numbered as `Step.sources`."""
    train: bool
    """The module comes in training mode."""
    names: str
    """"plain", or "odd": layers are called like what generated C++ may contain."""
    weights: str
    """"plain", or "odd": channels of zeros, tiny and huge ones, odd statistics."""
    values: str
    """Of the inputs: one of `weights.VALUES`."""
    scale: str
    """How scales are chosen: see `modelgen.quantize.weights.SCALES`."""
    buffer_words: int
    accumulator_depth: int


@dataclass(frozen=True)
class Written:
    """A step as source text."""

    value: str
    """The expression that it computes."""
    members: dict[str, str] = field(default_factory=dict)
    """Attribute of the module -> the expression that makes it."""


def formatted(form: tuple[str, str], names: Sequence[str], name: str, **values: Any) -> Written:
    """Fill in a pair of texts: the value, and the layer that it calls ("": none)."""
    value, layer = (part.format(*names, name=name, **values) for part in form)
    return Written(value, {name: layer} if layer else {})


Write = Callable[[dict[str, Any], Sequence[str], Sequence[Shape], str], Written]
"""Takes a step's settings, the names and shapes of its sources, and a name for what it adds to the
module; raises UnfitError."""


@dataclass(frozen=True)
class Kind:
    """A kind of step."""

    draw: Callable[[Random, Shape], dict[str, Any]]
    """Gives settings for a source of some shape; raises UnfitError."""
    write: Write
    weights: dict[int, float]
    """Rank of the source -> how often this kind is drawn there; 0 is any other rank."""
    sources: tuple[int, ...] = (1,)
    """How many values it reads: one of these."""
    beside: Callable[[Shape, Shape], bool] = operator.eq
    """Tells whether a value of the second shape may be read beside one of the first."""


class Random:
    """Seeded choices."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return int(self._random.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return bool(self._random.random() < probability)

    def choice(self, items: Sequence[Any], weights: Sequence[float] | None = None) -> Any:
        """Return one of some items; `weights` says how often each."""
        if weights is None:
            return items[self.number(0, len(items) - 1)]
        shares = np.asarray(weights, float)
        return items[int(self._random.choice(len(items), p=shares / shares.sum()))]


def unless(condition: bool) -> None:
    """Raise UnfitError where a condition does not hold."""
    if not condition:
        raise UnfitError
