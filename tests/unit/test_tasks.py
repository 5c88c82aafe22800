"""Tasks that no stage has: help, list, clean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows import cleaning, cli, listing
from flows.errors import HeepstorError

ROOT = Path(__file__).resolve().parents[2]
TASKS = (
    *("build", "export", "quantize", "generate", "firmware", "hardware", "simulate", "report"),
    *("synth", "program"),
    *("flash", "run", "debug"),
    *("list", "clean", "doctor", "test", "lint", "bench", "fuzz"),
)


def printed_by(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command line prints; it must end well."""
    try:
        code = cli.main(list(arguments))
    except SystemExit as ended:
        code = ended.code
    assert not code
    return capsys.readouterr().out


def test_the_list_has_every_task_with_its_purpose(capsys) -> None:
    listed = re.findall(r"(?m)^  (\w+) +\w", printed_by(capsys, "--list"))
    assert sorted(listed) == sorted(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_help(capsys, task: str) -> None:
    text = printed_by(capsys, task, "--help")
    assert "Docstring:" in text and "Options:" in text
    options = re.findall(r"(?m)^  -.*--\S+( {2,}\S.*)?$", text)
    assert all(options), "each option says what it is for"


def test_projects_and_targets_are_listed(capsys) -> None:
    found = listing.collect(ROOT)
    assert {"mnist"} <= {project["name"] for project in found["projects"]}
    targets = {core["name"].rsplit(":", 1)[0]: core["targets"] for core in found["cores"]}
    assert {"sim", "lint"} <= targets["heepstor:systems:heepstor"].keys()
    assert "synth" in targets["heepstor:ip:systolic_array"]
    listing.print_listing(found)
    shown = capsys.readouterr().out
    assert "mnist" in shown and "heepstor:systems:heepstor" in shown


def test_clean_removes_build_and_nothing_else(tmp_path: Path) -> None:
    for name in ("build/mnist/export", "build/hardware", "data", ".venv"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("kept?")
    assert "build/mnist" in cleaning.remove(tmp_path / "build", "mnist")
    assert sorted(path.name for path in (tmp_path / "build").iterdir()) == ["hardware"]
    assert "Removed build" in cleaning.remove(tmp_path / "build")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".venv", "data"]
    assert "nothing to remove" in cleaning.remove(tmp_path / "build")


def test_clean_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "build").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HeepstorError, match="symbolic link"):
        cleaning.remove(tmp_path / "build")
    assert (tmp_path / "elsewhere").exists()
