"""A design's timing for utilization.json: its longest paths, and the depth of its modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from flows.synth import hierarchy
from flows.synth.delays import Delays
from flows.synth.flattening import Mapped
from flows.synth.rtlil import Module
from flows.synth.timing import Analysis, Path, Place

MOST_PATHS = 200
"""Paths in utilization.json."""
MOST_DIVIDED_PATHS = 20
"""Those within a divided clock."""


def measure(modules: Mapping[str, Module], mapped: Mapping[str, Mapped], delays: Delays) -> dict:
    """Return a design's timing; docs/synthesis.md describes the fields.

    ``modules`` has the levels and nanoseconds of each kind of module where a path ends;
    ``divided``, if a clock is divided, what that clock takes.
    """
    analysis = Analysis(mapped, hierarchy.top_of(modules), delays)
    kinds: dict[str, dict] = {}
    for name, (levels, nanoseconds) in analysis.by_module().items():
        known = kinds.setdefault(modules[name].kind, {"levels": 0, "nanoseconds": 0.0})
        known["levels"] = max(known["levels"], levels)
        known["nanoseconds"] = max(known["nanoseconds"], round(nanoseconds, 2))
    paths = [path_as_json(path, modules) for path in analysis.slowest(MOST_PATHS)]
    divided = [path_as_json(path, modules) for path in analysis.slowest_divided(MOST_DIVIDED_PATHS)]
    return {
        "levels": analysis.most_levels(),
        **measured(paths),
        "divided": measured(divided) if divided else None,
        "modules": kinds,
    }


def measured(paths: list[dict]) -> dict:
    """Return the paths, the slowest first, with its time and the clock that follows from it."""
    nanoseconds = paths[0]["nanoseconds"] if paths else 0.0
    return {
        "nanoseconds": nanoseconds,
        "mhz": round(1000 / nanoseconds, 1) if nanoseconds else 0.0,
        "paths": paths,
    }


def path_as_json(path: Path, modules: Mapping[str, Module]) -> dict:
    """Return a path with the places in the source where it starts and ends."""
    return {
        "levels": path.levels,
        "nanoseconds": round(path.nanoseconds, 2),
        "from": _place(path.start, modules),
        "to": _place(path.end, modules),
    }


def _place(place: Place, modules: Mapping[str, Module]) -> dict:
    """Return an end of a path; the file is the one without its folder, which FuseSoC copied."""
    file, line = modules[place.module].source(place.name)
    return {
        "instance": place.instance,
        "module": modules[place.module].kind,
        "name": place.name,
        "file": PurePath(file).name,
        "line": line,
    }
