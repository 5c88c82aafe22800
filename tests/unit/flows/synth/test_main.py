"""The program that maps a design: where results are kept, the tree, and the result."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from flows.repository import ROOT
from flows.synth import devices
from flows.synth.__main__ import cache_folder, instances, utilization
from flows.synth.mapping import Cells
from tests.support.elaborated import soc


class Mapped:
    """Every content has as many LUTs as it has lines."""

    def run(self, contents, ports) -> dict[str, Cells]:
        kept = list(contents)
        assert all(content.submodules <= ports.keys() for content in kept)
        return {content.hash: {"LUT6": len(content.body.splitlines())} for content in kept}


def test_where_mapped_modules_are_kept(monkeypatch) -> None:
    monkeypatch.delenv("HEEPSTOR_SYNTH_CACHE", raising=False)
    assert cache_folder() == ROOT / "build" / "synth" / "modules"
    monkeypatch.setenv("HEEPSTOR_SYNTH_CACHE", "/shared")
    assert cache_folder() == Path("/shared")


def test_every_instance_gets_what_its_content_takes(design) -> None:
    top = instances(design, Mapped())
    own = {one.name: one.own.lut for one in top.walk()}
    assert top.kind == "top" and own.keys() == {"top", "one", "two", "wide"}
    assert own["one"] == own["two"] > 0
    assert top.total.lut == sum(own.values())


def test_the_result_names_design_device_and_shares() -> None:
    top, device = soc(8), devices.find("XCZU7EV")
    result = json.loads(json.dumps(utilization(top, device)))
    assert (result["top"], result["device"]["name"]) == ("soc", "XCZU7EV")
    assert result["total"] == asdict(top.total)
    assert result["share"]["dsp"] == round(64 / 1728, 4)
    assert result["modules"]["processing_element"]["instances"] == 64
    assert result["largest_array"]["from"] == 8
    assert {child["name"] for child in result["tree"]["children"]} == {"array", "lanes", "buffer"}
