"""Steps that change the shape of a value, but none of its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from modelgen.verify.random_modules.description import (
    Kind,
    Random,
    Shape,
    Written,
    formatted,
    unless,
)

_FLAT = (
    ("self.{name}({0})", "nn.Flatten()"),
    ("{0}.flatten(1)", ""),
    ("torch.flatten({0}, 1)", ""),
    ("{0}.view({0}.size(0), -1)", ""),
    ("{0}.reshape({0}.shape[0], -1)", ""),
    ("{0}.reshape({batch}, {values})", ""),
    ("{0}.contiguous().view({batch}, -1)", ""),
    ("{0}.reshape(-1, {values})", ""),
)
_PARTLY_FLAT = (
    ("{0}.flatten(2)", ""),
    ("self.{name}({0})", "nn.Flatten(2)"),
    ("{0}.flatten(1, 2)", ""),
    ("{0}.flatten()", ""),
    ("{0}.flatten(0, 1)", ""),
)


def _draw_flatten(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": random.choice(_FLAT if random.chance(0.85) else _PARTLY_FLAT)}


def _write_form(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    sizes = {"batch": shapes[0][0], "values": math.prod(shapes[0][1:])}
    return formatted(settings["form"], names, name, **sizes)


def _draw_view(random: Random, shape: Shape) -> dict[str, Any]:
    """Cut the values of one input into one to three dimensions."""
    return {
        "form": random.choice(("view", "reshape", "unflatten", "nn", "back"), (3, 3, 2, 1, 3)),
        "rank": random.choice((1, 2, 3), (2, 3, 4)),
        "picks": [random.number(0, 1000) for _ in range(2)],
    }


def _write_view(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    shape = shapes[0]
    sizes, rest = [], math.prod(shape[1:])
    for pick in settings["picks"][: settings["rank"] - 1]:
        parts = [part for part in range(1, rest + 1) if rest % part == 0]
        sizes.append(parts[pick % len(parts)])
        rest //= sizes[-1]
    sizes.append(rest)
    form = settings["form"]
    if form in ("unflatten", "nn"):
        unless(len(shape) == 2 and len(sizes) > 1)
        if form == "unflatten":
            return Written(f"{names[0]}.unflatten(1, {tuple(sizes)})")
        return Written(f"self.{name}({names[0]})", {name: f"nn.Unflatten(1, {tuple(sizes)})"})
    if form == "back":
        # Reshape and back, with the value flattened or some dimensions merged in between.
        unless(len(shape) > 2)
        return Written(f"{names[0]}.flatten(1).view({', '.join(map(str, shape))})")
    return Written(f"{names[0]}.{form}({shape[0]}, {', '.join(map(str, sizes))})")


_ONES = (
    "{0}.unsqueeze({place})",
    "torch.unsqueeze({0}, {place})",
    "{0}.unsqueeze(-1)",
    "{0}.squeeze()",
    "{0}.squeeze({place})",
    "{0}.squeeze(-1)",
    "{0}.squeeze((2, 3))",
    "{0}[:, None]",
    "{0}.unsqueeze(1).squeeze(1)",
    "{0}.view({0}.shape)",
    "{0}.view_as({0})",
    "{0}.reshape({0}.size())",
)


def _draw_ones(random: Random, shape: Shape) -> dict[str, Any]:
    return {"form": (random.choice(_ONES), ""), "place": random.number(1, len(shape))}


def _write_ones(
    settings: dict[str, Any], names: Sequence[str], shapes: Sequence[Shape], name: str
) -> Written:
    place = min(settings["place"], len(shapes[0]))
    return formatted(settings["form"], names, name, place=place)


KINDS = {
    "flatten": Kind(_draw_flatten, _write_form, {2: 0.2, 3: 2, 4: 1.2, 0: 3}),
    "view": Kind(_draw_view, _write_view, {2: 1, 3: 2, 4: 0.5, 0: 3}),
    "ones": Kind(_draw_ones, _write_ones, {2: 0.5, 3: 0.5, 4: 0.3, 0: 1}),
}
