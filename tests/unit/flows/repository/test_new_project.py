"""`new` writes a project that runs as it is."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from flows.cli import __main__ as cli
from flows.errors import HeepstorError
from flows.repository import ROOT, new_project, projects
from flows.terminal.progress import Progress
from modelgen import stages


def test_what_new_writes_is_exported(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path))
    assert not cli.main(["new", "stripes", "--folder", "."])
    hint = shlex.split(capsys.readouterr().out.splitlines()[-1])
    folder = projects.find(ROOT, hint[-1]).folder
    assert folder == tmp_path / "stripes"
    stages.export(folder, tmp_path, tmp_path / "data", Progress())
    with np.load(tmp_path / "test.npz") as test:
        right = test["outputs"].argmax(axis=1) == test["labels"]
    assert right.mean() > 0.95, "it learns something"
    description = json.loads((tmp_path / "project.json").read_text())
    assert description["name"] == "stripes" and description["weights"].startswith("trained on")


def test_new_writes_into_the_repositorys_projects(tmp_path: Path) -> None:
    printed = new_project.write(tmp_path, "mine", "")
    assert projects.names(tmp_path) == ["mine"]
    assert printed.splitlines()[-1].endswith("heepstor build --project mine")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("taken", "taken already exists"),
        *((name, "cannot be a project's name.*Choose another name") for name in ("a b", "", "a/b")),
    ],
)
def test_new_spoils_nothing(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(HeepstorError, match=message):
        new_project.write(tmp_path, name, str(tmp_path))
    assert not list(tmp_path.rglob("*.py"))


def test_nothing_is_left_of_a_project_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_project, "TEMPLATE", tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        new_project.write(tmp_path, "mine", str(tmp_path))
    assert not list(tmp_path.iterdir())
