"""What `pip install` makes of the repository: one package, which works in any folder."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.workspace import ROOT, left_out

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like site-packages with the installed package, in which nothing can be written."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=left_out)
    offline = ("--no-index", "--no-deps", "--disable-pip-version-check")
    pip("wheel", *offline, "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    assert not (source / "build").exists(), "the next wheel would have what is removed until then"
    (wheel,) = folder.glob("*.whl")
    pip("install", *offline, "--target", str(folder / "site"), str(wheel))
    shutil.rmtree(source)
    for path in (folder / "site").rglob("*"):
        if path.is_dir():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield folder / "site"
    for path in (folder / "site").rglob("*"):
        if path.is_dir():
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def heepstor(site: Path, folder: Path, *arguments: str) -> str:
    """Runs the console script in a folder, successfully; returns what it printed."""
    done = started(site, folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def started(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    dropped = ("HEEPSTOR_CONFIG", "HEEPSTOR_CWD", "HEEPSTOR_DATA")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return subprocess.run(
        [sys.executable, site / "bin" / "heepstor", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )


def test_everything_lies_below_one_name(site: Path) -> None:
    names = {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"bin", "edalize", "heepstor"}
    (wheel,) = site.parent.glob("*.whl")
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "__pycache__" in name]
    tracked = subprocess.run(
        ["git", "ls-files", "flows", "modelgen", "cores", "boards", "sw", "projects", "docs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if tracked.returncode:
        pytest.skip("not a clone: git does not know what belongs to it")
    wanted = [name for name in tracked.stdout.splitlines() if (ROOT / name).exists()]
    assert not [name for name in wanted if not (site / "heepstor" / name).exists()]


def test_a_new_project_is_compiled(site: Path, tmp_path: Path) -> None:
    """What the tasks write lies in the current folder and beside the project."""
    *_, guide, hint = heepstor(site, tmp_path, "new", "mine").splitlines()
    assert guide == f"Documentation: {site / 'heepstor/docs/user-guide.md'}"
    assert hint == f"Run it: heepstor build --project {tmp_path / 'mine'}"
    options = ("--project", "mine", "--random-weights", "--inputs", "1", "--json")
    done = json.loads(heepstor(site, tmp_path, "generate", *options))
    assert [stage["ran"] for stage in done["stages"]] == [True] * 5
    assert (tmp_path / "mine/build/generate/src/model.cpp").is_file()
    done = json.loads(heepstor(site, tmp_path, "generate", *options))
    assert [stage["ran"] for stage in done["stages"]] == [False] * 5
    manifest = json.loads((tmp_path / "mine/build/generate/manifest.json").read_text())
    assert manifest["command"].startswith("heepstor generate --project ")
    listed = json.loads(heepstor(site, tmp_path, "list", "--json"))
    built = {project["name"]: project["built"] for project in listed["projects"]}
    assert built["mine"] == ["export", "quantize", "generate"] and built["mnist"] == []
    assert {path.name for path in tmp_path.iterdir()} == {"build", "mine"}


@pytest.mark.parametrize("task", ["test", "lint", "mutate"])
def test_what_needs_the_repository_says_so(site: Path, tmp_path: Path, task: str) -> None:
    done = started(site, tmp_path, task)
    assert done.returncode == 1 and "needs the repository" in done.stderr


@pytest.mark.nightly
def test_the_main_job_runs(site: Path, tmp_path: Path) -> None:
    report = json.loads(heepstor(site, tmp_path, "build", "--project", "mnist", "--json"))["report"]
    assert report["predictions"]["equal_to_module"] == report["inputs"] == 10
    assert (tmp_path / "build/projects/mnist/report/report.html").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"build", "data"}
