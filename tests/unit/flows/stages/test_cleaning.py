"""`clean` removes what it is asked to, and waits for those who work there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.repository import projects
from flows.stages import cleaning
from flows.system.locks import file_lock

BUILT = ("build/projects/mnist/export", "build/projects/hardware/export", "build/hardware")
KEPT = ("data", ".venv")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two projects, one of them named like a folder of build/."""
    for name in (*BUILT, *KEPT):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("kept?")
    for name in ("mnist", "hardware"):
        (tmp_path / "projects" / name).mkdir(parents=True)
        (tmp_path / "projects" / name / "project.py").touch()
    return tmp_path


def never(holder: str) -> None:
    raise AssertionError(f"waits for {holder}")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".in-use")


def test_a_projects_results_alone_are_removed(repository: Path) -> None:
    assert "build/projects/hardware" in cleaning.remove(repository, "hardware", never)
    assert names(repository / "build") == ["hardware", "projects"]
    assert names(repository / "build/projects") == ["mnist"]
    assert (repository / "build/hardware/file").exists(), "simulators are no project's"


def test_clean_removes_build_and_nothing_else(repository: Path) -> None:
    assert "Removed build" in cleaning.remove(repository, "", never)
    assert names(repository) == [".venv", "data", "projects"]
    assert "nothing to remove" in cleaning.remove(repository, "", never)
    assert "nothing to remove" in cleaning.remove(repository, "mnist", never)
    assert names(repository) == [".venv", "data", "projects"]


@pytest.mark.parametrize("link", ["build", "build/projects", "build/projects/mnist"])
def test_clean_does_not_follow_links(repository: Path, link: str) -> None:
    elsewhere = repository / "elsewhere"
    (repository / link).rename(elsewhere)
    (repository / link).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    with pytest.raises(HeepstorError, match="symbolic link"):
        cleaning.remove(repository, "mnist", never)
    assert sorted(elsewhere.rglob("*")) == before


@pytest.mark.parametrize(("cleaned", "used"), [("", ""), ("", "mnist"), ("mnist", "mnist")])
def test_clean_waits_for_tasks_at_work(repository: Path, cleaned: str, used: str) -> None:
    waiting = threading.Event()
    arguments = (repository, cleaned, lambda holder: waiting.set())
    clean = threading.Thread(target=cleaning.remove, args=arguments, daemon=True)
    with cleaning.in_use(repository, used, never), cleaning.in_use(repository, used, never):
        clean.start()
        assert waiting.wait(10)
        assert all((repository / name / "file").exists() for name in BUILT)
    clean.join(10)
    assert not (repository / "build/projects/mnist").exists()


def test_clean_of_one_project_does_not_wait_for_another(repository: Path) -> None:
    with cleaning.in_use(repository, "mnist", never):
        cleaning.remove(repository, "hardware", never)
    assert names(repository / "build/projects") == ["mnist"]


@pytest.mark.parametrize("project", ["", "mnist"])
def test_a_task_waits_for_clean(repository: Path, project: str) -> None:
    """It begins with an empty folder, and holds a lock that the next `clean` sees."""
    folder = projects.results(repository, project) if project else repository / "build"
    waiting, started, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with cleaning.in_use(repository, project, lambda holder: waiting.set()):
            started.set()
            ended.wait(10)

    task = threading.Thread(target=work, daemon=True)
    with file_lock(folder / ".in-use", never):
        task.start()
        assert waiting.wait(10)
        cleaning._remove_held(folder)
    assert started.wait(10)
    waiting.clear()
    arguments = (repository, project, lambda holder: waiting.set())
    clean = threading.Thread(target=cleaning.remove, args=arguments, daemon=True)
    clean.start()
    assert waiting.wait(10)
    ended.set()
    clean.join(10)
    assert not clean.is_alive()


@pytest.mark.parametrize("name", ["my.net", ".lock", "-v", "a b", "a\nb", "é", "x" * 65])
def test_names_that_are_no_projects(tmp_path: Path, name: str) -> None:
    """They would be lost in paths, module names and messages."""
    folder = tmp_path / "projects" / name
    folder.mkdir(parents=True)
    (folder / "project.py").touch()
    assert projects.names(tmp_path) == []
    with pytest.raises(HeepstorError, match="cannot be a project's name"):
        projects.find(tmp_path, name)
