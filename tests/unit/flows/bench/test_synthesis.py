"""Resources of the array: what is synthesized, and when it is done again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.bench import synthesis
from flows.repository import ROOT
from flows.stages.stage import Stage
from flows.terminal.progress import Progress


class Bench:
    """Runs stages as they come, and keeps them."""

    root = ROOT

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stages: list[Stage] = []

    def run_stage(self, stage: Stage, label: str, shown: list[Progress]) -> None:
        shown.append(Progress())
        stage.folder.mkdir(parents=True)
        stage.work(stage.folder)
        self.stages.append(stage)


def test_the_array_of_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of Yosys its arguments are written."""

    def build(root, folder, arguments, config, out: Path, progress) -> None:
        modules = {"processing_element": {"lut": 40}, "arguments": arguments}
        (out / "utilization.json").write_text(json.dumps({"modules": modules}))

    monkeypatch.setattr(synthesis.synthesis, "build", build)
    bench = Bench(tmp_path)
    found = synthesis.array_resources(bench, 8, 4)
    assert found["processing_element"] == {"lut": 40}
    assert found["arguments"] == [synthesis.CORE, "--ArraySize=8", "--BeatBytes=16"]
    (stage,) = bench.stages
    names = {path.relative_to(ROOT).as_posix() for path in stage.files}
    assert "cores/systolic_array/rtl/processing_element.sv" in names
    assert "flows/synth/resources.py" in names, "what counts primitives"
    assert stage.values["option array size"] == "8"
