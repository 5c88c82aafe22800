"""Every task: its help, and that it keeps `clean` away."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli import __main__ as cli
from flows.errors import HeepstorError
from flows.repository import ROOT, projects
from flows.repository.projects import Project
from flows.stages import cleaning
from flows.testing import checks

TASKS = (
    *(
        "build",
        "check",
        "export",
        "quantize",
        "generate",
        "firmware",
        "hardware",
        "simulate",
        "report",
    ),
    *("synth", "program"),
    *("flash", "run", "debug"),
    *("new", "list", "clean", "doctor", "test", "mutate", "lint", "bench", "fuzz"),
)


ALWAYS = ("new", "list", "clean", "doctor")
"""They do not work in build/, or see to their lock themselves."""


WITHOUT_PROJECT = {
    "program": ("--board", "none"),
    "test": ("--quick", "--all"),
    "mutate": ("--jobs", "none"),
    "lint": (),
    "bench": ("--suite", "none"),
    "fuzz": ("--count", "none"),
}
"""The other tasks, each with arguments that it refuses before it begins."""


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


def test_the_version_is_that_of_the_installed_package(capsys) -> None:
    installed = importlib.metadata.version("heepstor")
    assert printed_by(capsys, "--version") == f"heepstor {installed}\n"


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_help(capsys, task: str) -> None:
    text = printed_by(capsys, task, "--help")
    assert "Docstring:" in text and "Options:" in text
    options = re.findall(r"(?m)^  -.*--\S+( {2,}\S.*)?$", text)
    assert all(options), "each option says what it is for"


@pytest.mark.parametrize("task", [task for task in TASKS if task not in ALWAYS])
def test_tasks_that_work_in_build_keep_clean_away(task: str, monkeypatch, capsys) -> None:
    """Those that take a project keep its results as well."""
    held = []

    def hold(root: Path, project: Project | None, on_wait: Callable[[str], None]) -> None:
        held.append((root, project))
        raise HeepstorError("this is all")

    monkeypatch.setattr(cleaning, "in_use", hold)
    monkeypatch.setattr(checks, "lint", lambda root: ["all of it"])
    refused = ("--project", "mnist", "--config", "/nowhere", "--set", "none=1")
    with pytest.raises(SystemExit):
        cli.main([task, *WITHOUT_PROJECT.get(task, refused)])
    assert held == [(ROOT, None if task in WITHOUT_PROJECT else projects.find(ROOT, "mnist"))]
    assert "this is all" in capsys.readouterr().err


@pytest.fixture
def removed(monkeypatch) -> list[tuple[Path, Project | None]]:
    """What `clean` would remove."""
    found = []

    def remove(root: Path, project: Project | None, on_wait: Callable[[str], None]) -> str:
        found.append((root, project))
        return "removed"

    monkeypatch.setattr(cleaning, "remove", remove)
    return found


def test_clean_of_a_project(capsys, removed) -> None:
    assert printed_by(capsys, "clean", "--project", "mnist") == "removed\n"
    assert printed_by(capsys, "clean") == "removed\n"
    assert removed == [(ROOT, projects.find(ROOT, "mnist")), (ROOT, None)]


@pytest.mark.parametrize("name", ["hardware", "..", "../hardware"])
def test_clean_of_what_is_no_project(capsys, removed, name: str) -> None:
    with pytest.raises(SystemExit):
        cli.main(["clean", "--project", name])
    assert name in capsys.readouterr().err
    assert removed == []
