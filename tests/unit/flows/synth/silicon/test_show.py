"""The tables of results in standard cells."""

import io

from flows.synth.silicon import result, show, sta
from flows.synth.silicon.power import Energy
from flows.synth.timing import Path, Place
from flows.terminal.tables import console
from tests.support.small_cells import technology
from tests.unit.flows.synth.silicon.test_power import MAPPED, MODULES


def printed(thing) -> str:
    stream = io.StringIO()
    console(100, stream).print(thing)
    return stream.getvalue()


def test_area_and_timing(tmp_path, monkeypatch):
    place = Place("u_a", "leaf$top.u_a", "value_q")
    monkeypatch.setattr(sta, "slowest", lambda *arguments: [Path(3, 4.0, place, place)])
    found = result.of(MODULES, MAPPED, technology(tmp_path), tmp_path)
    found["memories"] = [
        {
            **{"module": "buffer", "name": "bank[*].mem", "instances": 3, "bits": 128},
            **{"words": 16, "width": 8, "reads": 1, "writes": 1},
        }
    ]
    stream = io.StringIO()
    show.print_result(found, console(100, stream))
    text = stream.getvalue()
    assert "top in a small label" in text
    assert "a gate equivalent is a INV of 15 um2" in " ".join(text.split())
    rows = [line.split() for line in text.splitlines()]
    assert ["top", "top", "225", "15", "2", "0"] in rows
    assert ["u_a", "(x", "2)", "leaf", "105", "7", "1", "0"] in rows
    assert ["buffer", "bank[*].mem", "3", "16", "8", "1", "1", "384"] in rows
    assert "4.0 ns (250 MHz)" in " ".join(text.split())


def test_power():
    energy = Energy(10.0, 20.0, 70.0, 5e6).as_json(50.0)
    tree = {"name": "top", "kind": "soc", "total": energy, "own": energy, "children": []}
    text = printed(
        show.power(
            {
                "technology": {"label": "a small label"},
                "megahertz": 50.0,
                "recorded_cycles": 2048,
                "inference_cycles": 7000,
                "agreement": {"checked": 9000, "wrong": 3, "sources": 50, "unknown": 1},
                "tree": tree,
            }
        )
    )
    assert "a small label, at 50 MHz" in text
    assert ["top", "soc", "10.0", "70.0", "10.0", "20.0", "5,000,000.0"] in [
        line.split() for line in text.splitlines()
    ]
    assert "3 of 9,000 registers' values differ" in " ".join(text.split())
