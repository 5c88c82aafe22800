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


def measure(modules: Mapping[str, Module], mapped: Mapping[str, Mapped], delays: Delays) -> dict:
    """Return a design's timing; docs/synthesis.md describes the fields.

    ``modules`` has the levels and nanoseconds of each kind of module where a path ends.
    """
    analysis = Analysis(mapped, hierarchy.top_of(modules), delays)
    kinds: dict[str, dict] = {}
    for name, (levels, nanoseconds) in analysis.by_module().items():
        known = kinds.setdefault(modules[name].kind, {"levels": 0, "nanoseconds": 0.0})
        known["levels"] = max(known["levels"], levels)
        known["nanoseconds"] = max(known["nanoseconds"], round(nanoseconds, 2))
    slowest = max((kind["nanoseconds"] for kind in kinds.values()), default=0.0)
    return {
        "levels": max((kind["levels"] for kind in kinds.values()), default=0),
        "nanoseconds": slowest,
        "mhz": round(1000 / slowest, 1) if slowest else 0.0,
        "paths": [_path(path, modules) for path in analysis.slowest(MOST_PATHS)],
        "modules": kinds,
    }


def _path(path: Path, modules: Mapping[str, Module]) -> dict:
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
