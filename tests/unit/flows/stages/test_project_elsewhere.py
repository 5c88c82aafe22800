"""A project that does not lie in the repository: results, configuration, inputs, comparison."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from flows.config import DEFAULT_PATH, load
from flows.errors import HeepstorError
from flows.report import comparison
from flows.repository import ROOT, new_project
from flows.stages.options import Options
from flows.stages.pipeline import Pipeline
from flows.stages.run import run
from flows.terminal.progress import Progress, Terminal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new project, which reads a file beside it."""
    new_project.write(ROOT, "mine", str(tmp_path))
    file = tmp_path / "mine" / "project.py"
    text = file.read_text().replace("SIZE = 16", 'SIZE = int(open("@/size").read())')
    file.write_text(text.replace("@", str(tmp_path / "mine")))
    (tmp_path / "mine" / "size").write_text("16")
    return tmp_path / "mine"


def export(folder: Path, **typed: str) -> dict:
    options = Options.from_command_line(ROOT, str(folder), random_weights=True, **typed)
    return run(ROOT, options, "export", Terminal(io.StringIO()))["stages"][-1]


def test_what_it_reads_counts_and_its_results_lie_beside_it(folder: Path) -> None:
    done = export(folder)
    assert done["reason"] == "first run" and done["folder"] == str(folder / "build/export")
    manifest = json.loads((folder / "build/export/manifest.json").read_text())
    assert manifest["command"].startswith(f"./heepstor export --project {folder} ")
    assert str(folder / "project.py") in manifest["inputs"]
    assert "modelgen/workload/data/__init__.py" in manifest["inputs"]
    assert not export(folder)["ran"]
    (folder / "notes").write_text("nothing reads this")
    assert not export(folder)["ran"]
    (folder / "size").write_text("16\n")
    assert export(folder)["reason"] == f"{folder}/size changed"


def test_results_go_where_the_user_says(folder: Path, tmp_path: Path) -> None:
    assert export(folder, build_dir=str(tmp_path / "out"))["folder"] == str(tmp_path / "out/export")
    assert not (folder / "build").exists()
    options = Options.from_command_line(ROOT, "mnist", build_dir=str(tmp_path / "out"))
    assert Pipeline(ROOT, options, Progress).build == tmp_path / "out"
    assert options.command("build").endswith(f"--project mnist --build-dir {tmp_path / 'out'}")


def test_the_configuration_beside_it_is_taken(folder: Path, tmp_path, monkeypatch) -> None:
    """A file that is named, on the command line or in the environment, is stronger."""

    def array_size(**typed: str) -> int:
        options = Options.from_command_line(ROOT, str(folder), **typed)
        return load(options.config_path).engine.array_size

    sizes = {folder / "heepstor_cfg.hjson": 4, tmp_path / "env": 12, tmp_path / "typed": 16}
    assert array_size() == load(DEFAULT_PATH).engine.array_size == 8
    for path, size in sizes.items():
        path.write_text(DEFAULT_PATH.read_text().replace("array_size: 8", f"array_size: {size}"))
    assert array_size() == 4
    assert array_size(set="engine.array_size=20") == 20
    monkeypatch.setenv("HEEPSTOR_CONFIG", str(tmp_path / "env"))
    assert array_size() == 12
    assert array_size(config=str(tmp_path / "typed")) == 16


def test_a_comparison_takes_it(folder: Path) -> None:
    for typed in (folder, folder / "project.py"):
        with pytest.raises(HeepstorError, match=f"build/report/report.json; .*--project {folder}"):
            comparison.load(ROOT, str(typed))
