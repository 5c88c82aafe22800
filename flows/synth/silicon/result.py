"""A design in standard cells for silicon.json; docs/synthesis.md describes the fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from flows.synth import depths, hierarchy
from flows.synth.flattening import Mapped
from flows.synth.rtlil import Module
from flows.synth.silicon import cells, memories, sta
from flows.synth.silicon.technology import Technology

_INDEX = re.compile(r"\[\d+\]")


def of(
    modules: Mapping[str, Module],
    mapped: Mapping[str, Mapped],
    technology: Technology,
    work: Path,
) -> dict:
    """Return area, memories and timing of a mapped design; OpenSTA works in the folder `work`."""
    own = {name: cells.count(one.netlist, technology.areas) for name, one in mapped.items()}
    top = hierarchy.tree(modules, own)
    gate = technology.areas[technology.gate]

    def usage(one: cells.Cells) -> dict:
        return one.as_json(gate)

    paths = sta.slowest(mapped, hierarchy.top_of(modules), technology, work)
    return {
        "top": top.kind,
        "technology": {
            "name": technology.name,
            "label": technology.label,
            "gate": technology.gate,
            "gate_area": gate,
            "largest_register_file": technology.largest_memory,
        },
        "total": usage(top.total),
        "timing": depths.measured([depths.path_as_json(path, modules) for path in paths]),
        "memories": memories_of(modules, mapped),
        "modules": hierarchy.by_kind(top, usage),
        "tree": top.as_json(usage),
    }


def memories_of(modules: Mapping[str, Module], mapped: Mapping[str, Mapped]) -> list[dict]:
    """Return the black boxes with their bits: equal ones of a kind of module once, the largest
    first, with their number."""
    number: dict[tuple[str, memories.Memory], int] = {}
    for name, one in mapped.items():
        for primitive in one.netlist.primitives:
            if primitive.type == memories.TYPE:
                memory = memories.of(primitive)
                alike = replace(memory, name=_INDEX.sub("[*]", memory.name))
                key = (modules[name].kind, alike)
                number[key] = number.get(key, 0) + 1
    found = [
        {"module": kind, **asdict(memory), "bits": memory.bits, "instances": times}
        for (kind, memory), times in number.items()
    ]
    return sorted(found, key=lambda one: (-one["bits"] * one["instances"], one["name"]))
