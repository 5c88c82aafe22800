"""Tasks of a project: the stages before one run first, and each says what became of it."""

from __future__ import annotations

import io
import json
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
    (tmp_path / "problems").touch()

    def stage(name: str) -> Stage:
        def work(out: Path) -> None:
            found.append(name)
            if name == "check":
                problems = [
                    {"message": text} for text in (tmp_path / "problems").read_text().split()
                ]
                (out / "check.json").write_text(json.dumps({"problems": problems, "memory": None}))

        files = (tmp_path / "source",) if name == "quantize" else ()
        return Stage(name, tmp_path / "build" / name, work, files=files)

    def pipeline(root: Path, options: Options, progress: object) -> SimpleNamespace:
        place = tmp_path / "build/projects/mnist"
        return SimpleNamespace(root=root, stage=stage, build=place, config=None, options=options)

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
    assert result["stages"][0]["folder"] == "build/trace"
    assert "(first run)" in printed.splitlines()[0]


def test_what_cannot_be_built_is_not_begun(ran: list[str], tmp_path: Path) -> None:
    (tmp_path / "problems").write_text("odd even")
    stream = io.StringIO()
    with pytest.raises(HeepstorError, match=r"cannot be built; .* check --project mnist shows"):
        runs.run(tmp_path, Options("mnist", tmp_path / "a"), "export", Terminal(stream))
    assert ran == ["trace", "check"]
    assert stream.getvalue().endswith("odd\neven\n")


def test_only_what_changed_runs_again(ran: list[str], tmp_path: Path) -> None:
    run(tmp_path, "generate")
    ran.clear()
    (tmp_path / "source").write_text("changed")
    result, printed = run(tmp_path, "generate")
    assert ran == ["quantize"]
    assert [stage["ran"] for stage in result["stages"]] == [False, False, False, True, False]
    assert printed.splitlines()[0] == "trace      up to date"


def test_hardware_needs_no_project(ran: list[str], tmp_path: Path) -> None:
    run(tmp_path, "hardware", project="")
    assert ran == ["hardware"]


def test_others_need_one_that_is_there(ran: list[str], tmp_path: Path) -> None:
    with pytest.raises(HeepstorError, match="none"):
        run(tmp_path, "generate", project="none")
    assert ran == [] and not (tmp_path / "build").exists()
