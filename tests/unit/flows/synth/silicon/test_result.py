"""A design in standard cells for silicon.json."""

import json
from dataclasses import replace

from flows.synth import rtlil
from flows.synth.flattening import Mapped
from flows.synth.silicon import result, sta
from flows.synth.timing import Path, Place
from tests.support.small_cells import memory, technology, toggling
from tests.unit.flows.synth.silicon.test_power import MAPPED, MODULES


def test_area_memories_and_timing(tmp_path, monkeypatch):
    place = Place("u_a", "leaf$top.u_a", "value_q")
    monkeypatch.setattr(sta, "slowest", lambda *arguments: [Path(3, 4.0, place, place)])
    found = json.loads(json.dumps(result.of(MODULES, MAPPED, technology(tmp_path), tmp_path)))
    assert found["technology"]["label"] == "a small label"
    # Two leaves with a flip-flop and an inverter each, and the top's inverter, of 15 um2 a gate.
    assert found["total"] == {"area": 225.0, "gates": 15.0, "registers": 2, "memory_bits": 0}
    assert found["modules"]["leaf"]["instances"] == 2
    assert found["modules"]["leaf"]["gates"] == 7.0
    assert (found["timing"]["nanoseconds"], found["timing"]["mhz"]) == (4.0, 250.0)
    assert {child["name"] for child in found["tree"]["children"]} == {"u_a", "u_b"}


def test_equal_memories_are_listed_once():
    boxes = tuple(memory(f"bank[{n}].mem", 16, 8, True) for n in range(3))
    small = memory("small", 4, 8, True)
    modules = {"top": rtlil.Module("top", (), {})}
    mapped = {"top": Mapped(replace(toggling(), primitives=(small, *boxes)), {})}
    first, second = result.memories_of(modules, mapped)
    assert (first["name"], first["instances"], first["bits"]) == ("bank[*].mem", 3, 128)
    assert (first["module"], first["words"], first["width"]) == ("top", 16, 8)
    assert second["name"] == "small"
