"""What `list` lists."""

from __future__ import annotations

from flows.cli import listing
from flows.repository import ROOT


def test_projects_and_targets_are_listed(capsys) -> None:
    found = listing.collect(ROOT)
    assert {"mnist"} <= {project["name"] for project in found["projects"]}
    targets = {core["name"].rsplit(":", 1)[0]: core["targets"] for core in found["cores"]}
    assert {"sim", "lint"} <= targets["heepstor:systems:heepstor"].keys()
    assert "synth" in targets["heepstor:ip:systolic_array"]
    listing.print_listing(found)
    shown = capsys.readouterr().out
    assert "mnist" in shown and "heepstor:systems:heepstor" in shown
