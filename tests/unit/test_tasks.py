"""Tasks that no stage has: help, list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows import cli, listing

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
