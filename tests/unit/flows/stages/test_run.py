"""Tasks of a project: the stages before one run first, and each says what became of it."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.errors import HeepstorError
from flows.stages import run as runs
from flows.stages.options import Options
from flows.stages.pipeline import PREREQUISITES
from flows.stages.stage import Stage
from flows.terminal.progress import Terminal


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stages that do nothing but say so; `quantize` goes by a file that may change."""
    found: list[str] = []
    (tmp_path / "projects/mnist").mkdir(parents=True)
    (tmp_path / "projects/mnist/project.py").touch()
    (tmp_path / "source").touch()

    def stage(name: str) -> Stage:
        files = (tmp_path / "source",) if name == "quantize" else ()
        folder = tmp_path / "build" / name
        return Stage(name, folder, lambda out: found.append(name), files=files)

    def pipeline(root: Path, options: Options, progress: object) -> SimpleNamespace:
        return SimpleNamespace(root=root, stage=stage, build=tmp_path / "build/projects/mnist")

    monkeypatch.setattr(runs, "Pipeline", pipeline)
    return found


def run(root: Path, target: str, project: str = "mnist") -> tuple[dict, str]:
    stream = io.StringIO()
    options = Options(project, root / "own.hjson")
    return runs.run(root, options, target, Terminal(stream)), stream.getvalue()


def test_stages_before_it_run_first(ran: list[str], tmp_path: Path) -> None:
    result, printed = run(tmp_path, "generate")
    assert ran == [*PREREQUISITES["generate"], "generate"]
    assert [stage["name"] for stage in result["stages"]] == ran
    assert all(stage["ran"] and stage["reason"] == "first run" for stage in result["stages"])
    assert result["stages"][0]["folder"] == "build/export"
    assert "(first run)" in printed.splitlines()[0]


def test_only_what_changed_runs_again(ran: list[str], tmp_path: Path) -> None:
    run(tmp_path, "generate")
    ran.clear()
    (tmp_path / "source").write_text("changed")
    result, printed = run(tmp_path, "generate")
    assert ran == ["quantize"]
    assert [stage["ran"] for stage in result["stages"]] == [False, True, False]
    assert printed.splitlines()[0] == "export     up to date"


def test_hardware_needs_no_project(ran: list[str], tmp_path: Path) -> None:
    run(tmp_path, "hardware", project="")
    assert ran == ["hardware"]


def test_others_need_one_that_is_there(ran: list[str], tmp_path: Path) -> None:
    with pytest.raises(HeepstorError, match="none"):
        run(tmp_path, "generate", project="none")
    assert ran == [] and not (tmp_path / "build").exists()
