"""The program that maps a design: where results are kept, the tree, and the result."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from flows.repository import ROOT
from flows.synth import devices
from flows.synth.__main__ import utilization
from flows.synth.mapping import cache_folder
from tests.support.elaborated import soc, timing


def test_where_mapped_modules_are_kept(monkeypatch) -> None:
    monkeypatch.delenv("HEEPSTOR_SYNTH_CACHE", raising=False)
    assert cache_folder() == ROOT / "build" / "synth" / "modules"
    monkeypatch.setenv("HEEPSTOR_SYNTH_CACHE", "/shared")
    assert cache_folder() == Path("/shared")


def test_the_result_names_design_device_and_shares() -> None:
    top, device = soc(8), devices.find("XCZU7EV")
    result = json.loads(json.dumps(utilization(top, device, timing())))
    assert (result["top"], result["device"]["name"]) == ("soc", "XCZU7EV")
    assert result["total"] == asdict(top.total)
    assert result["share"]["dsp"] == round(64 / 1728, 4)
    assert result["modules"]["processing_element"]["instances"] == 64
    assert result["largest_array"]["from"] == 8
    assert {child["name"] for child in result["tree"]["children"]} == {"array", "lanes", "buffer"}
    assert result["modules"]["activation_buffer"]["levels"] == 12
    assert result["timing"].keys() == {"levels", "nanoseconds", "mhz", "paths", "divided"}
