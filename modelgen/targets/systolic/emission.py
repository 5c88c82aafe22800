"""C++ of the engine's layers: arrays of descriptors, and what infer() does with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelgen.cpp.rendering import render
from modelgen.targets.base import Code, Pointers, Statement
from modelgen.targets.systolic.builder_calls import job_calls, plus
from modelgen.targets.systolic.description import shape_text
from modelgen.targets.systolic.jobs import EngineLayer, Place
from modelgen.targets.systolic.lowering import Constant, lower_job

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_MOST_SINGLE_PATCHES = 4
"""If more descriptors than this access the input or output, they are listed in a table."""
_SETTERS = {
    "source": "loads",
    "parameters": "scales",
    "residual": "residuals",
    "destination": "stores",
}
"""Field of a descriptor that can point to a caller's buffer -> what the job does there."""


def emit(chains: Sequence[Sequence[EngineLayer]], pointers: Pointers) -> Code:
    """Return the C++ of the engine's layers.

    Args:
        chains: the layers of each chain, in order.
        pointers: the tensors' addresses.
    """
    if not chains:
        return Code()
    layers = [layer for chain in chains for layer in chain]
    slots = {layer.index: slot for slot, layer in enumerate(layers)}
    patches, tables = _patches(layers, pointers)
    arrays = [array for chain in chains for array in _arrays(chain, slots, pointers)]
    context = {"arrays": arrays, "tables": tables}
    return Code(
        externals=render(_TEMPLATES / "externals.cpp.j2", {}),
        definitions=render(_TEMPLATES / "definitions.cpp.j2", context),
        setup=tuple(line for patch in patches for line in patch.lines),
        statements=tuple(Statement(result=f"engine::run({_name(c[0])})") for c in chains),
        profiles={index: f"&profiles[{slot}]" for index, slot in slots.items()},
    )


def _name(layer: EngineLayer) -> str:
    """Return the C++ name of a layer's array of jobs; its prefix avoids keywords and clashes.

    It is ASCII, as Python and C++ disagree on other letters, and has no two underscores in a row,
    which C++ reserves.
    """
    text = re.sub(r"[^a-z0-9]+", "_", layer.node.name.lower()).strip("_")
    return f"layer{layer.index}_{text}" if text else f"layer{layer.index}"


def _arrays(
    chain: Sequence[EngineLayer], slots: dict[int, int], pointers: Pointers
) -> Iterator[dict[str, Any]]:
    """Yield the template variables of the arrays of jobs."""

    def address(place: Place | Constant) -> str:
        if isinstance(place, Constant):
            return plus(f"model_{place.section}", place.offset)
        if pointers.is_argument(place.tensor):
            return "nullptr"
        return pointers.pointer(place.tensor, place.offset)

    for layer, following in zip(chain, (*chain[1:], None), strict=True):
        name = _name(layer)
        jobs = []
        for number, job in enumerate(layer.jobs, 1):
            calls = job_calls(lower_job(layer, job), address)
            if number < len(layer.jobs):
                calls.append(f"next(&{name}[{number}])")
            else:
                calls.append(f"profile(&profiles[{slots[layer.index]}])")
                if following is not None:
                    calls.append(f"next({_name(following)})")
            jobs.append(calls)
        yield {"name": name, "comment": _comment(layer), "jobs": jobs}


def _comment(layer: EngineLayer) -> str:
    moves = f"{layer.source_place} to {layer.target_place}"
    return f"{layer.node.name}: {layer.node.operator.describe()}, {shape_text(layer)}; {moves}"


@dataclass(frozen=True)
class _Patch:
    """Statements that set the addresses of the input or output in descriptors."""

    lines: tuple[str, ...]


def _patches(
    layers: Sequence[EngineLayer], pointers: Pointers
) -> tuple[list[_Patch], list[dict[str, Any]]]:
    """Return what infer() sets in descriptors, and tables for long lists of them."""
    patches: list[_Patch] = []
    tables: list[dict[str, Any]] = []
    for field, what in _SETTERS.items():
        for argument in ("input", "output"):
            found = list(_uses(layers, field, argument, pointers))
            setter = f"engine::set_{field}"
            if len(found) > _MOST_SINGLE_PATCHES:
                name = f"{argument}_{what}"
                tables.append({"name": name, "patches": found})
                call = f"{setter}(*patch.descriptor, {argument} + patch.offset);"
                patches.append(_Patch((f"for (const Patch& patch : {name}) {{", call, "}")))
            else:
                patches += [
                    _Patch((f"{setter}({use['name']}, {plus(argument, use['offset'])});",))
                    for use in found
                ]
    return patches, tables


def _uses(
    layers: Sequence[EngineLayer], field: str, argument: str, pointers: Pointers
) -> Iterator[dict[str, Any]]:
    """Yield the descriptors in which a field is an address in the caller's input or output."""
    for layer in layers:
        for number, job in enumerate(layer.jobs):
            place = lower_job(layer, job).places.get(field)
            if isinstance(place, Place) and pointers.is_argument(place.tensor) == argument:
                offset = pointers.argument_offset(place.tensor, place.offset)
                yield {"name": f"{_name(layer)}[{number}]", "offset": offset}
