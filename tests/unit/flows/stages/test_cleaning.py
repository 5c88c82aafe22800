"""`clean` removes what it is asked to, and waits for those who work there."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.repository.projects import lookup
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


def remove(root: Path, name: str = "", build_dir: str = "") -> str:
    return cleaning.remove(root, lookup(root, name, build_dir), never)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".in-use")


def test_a_projects_results_alone_are_removed(repository: Path) -> None:
    assert "build/projects/hardware" in remove(repository, "hardware")
    assert names(repository / "build") == ["hardware", "projects"]
    assert names(repository / "build/projects") == ["mnist"]
    assert (repository / "build/hardware/file").exists(), "simulators are no project's"


def test_clean_removes_build_and_nothing_else(repository: Path) -> None:
    assert "Removed build" in remove(repository)
    assert names(repository) == [".venv", "data", "projects"]
    assert "nothing to remove" in remove(repository)
    assert "nothing to remove" in remove(repository, "mnist")
    assert names(repository) == [".venv", "data", "projects"]


@pytest.mark.parametrize("link", ["build", "build/projects", "build/projects/mnist"])
def test_clean_does_not_follow_links(repository: Path, link: str) -> None:
    elsewhere = repository / "elsewhere"
    (repository / link).rename(elsewhere)
    (repository / link).symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    with pytest.raises(HeepstorError, match="symbolic link"):
        remove(repository, "mnist")
    assert sorted(elsewhere.rglob("*")) == before


@pytest.mark.parametrize(("cleaned", "used"), [("", ""), ("", "mnist"), ("mnist", "mnist")])
def test_clean_waits_for_tasks_at_work(repository: Path, cleaned: str, used: str) -> None:
    waiting = threading.Event()
    arguments = (repository, lookup(repository, cleaned), lambda holder: waiting.set())
    clean = threading.Thread(target=cleaning.remove, args=arguments, daemon=True)
    project = lookup(repository, used)
    with cleaning.in_use(repository, project, never), cleaning.in_use(repository, project, never):
        clean.start()
        assert waiting.wait(10)
        assert all((repository / name / "file").exists() for name in BUILT)
    clean.join(10)
    assert not (repository / "build/projects/mnist").exists()


def test_clean_of_one_project_does_not_wait_for_another(repository: Path) -> None:
    with cleaning.in_use(repository, lookup(repository, "mnist"), never):
        remove(repository, "hardware")
    assert names(repository / "build/projects") == ["mnist"]


@pytest.mark.parametrize("name", ["", "mnist"])
def test_a_task_waits_for_clean(repository: Path, name: str) -> None:
    """It begins with an empty folder, and holds a lock that the next `clean` sees."""
    project = lookup(repository, name)
    folder = project.results if project else repository / "build"
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


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A project in a folder of its own, whose build/ holds something of the user's, too."""
    folder = tmp_path / "elsewhere"
    for name in ("export", ".firmware.partial", "mine"):
        (folder / "build" / name).mkdir(parents=True)
        (folder / "build" / name / "file").touch()
    (folder / "build" / ".export.lock").touch()
    (folder / "project.py").touch()
    return folder


def test_of_a_folder_of_the_users_only_results_are_removed(repository, elsewhere) -> None:
    assert "Removed elsewhere/build (" in remove(repository, str(elsewhere))
    assert names(elsewhere) == ["build", "project.py"]
    assert names(elsewhere / "build") == ["mine"]
    assert (repository / "build/projects/mnist/export/file").exists()


def test_a_folder_that_was_chosen_for_results_is_cleaned_alone(repository, tmp_path) -> None:
    for name in ("report", "letters"):
        (tmp_path / "chosen" / name).mkdir(parents=True)
    remove(repository, "mnist", str(tmp_path / "chosen"))
    assert names(tmp_path / "chosen") == ["letters"]
    assert (repository / "build/projects/mnist/export/file").exists()


def test_clean_waits_for_a_task_on_a_project_elsewhere(repository, elsewhere) -> None:
    waiting = threading.Event()
    arguments = (repository, lookup(repository, str(elsewhere)), lambda holder: waiting.set())
    clean = threading.Thread(target=cleaning.remove, args=arguments, daemon=True)
    with cleaning.in_use(repository, lookup(repository, str(elsewhere / "project.py")), never):
        clean.start()
        assert waiting.wait(10)
        assert (elsewhere / "build/export").exists()
    clean.join(10)
    assert not (elsewhere / "build/export").exists()


def test_results_that_cannot_be_written_are_put_elsewhere(repository, elsewhere) -> None:
    shutil.rmtree(elsewhere / "build")
    (elsewhere / "build").touch()
    with (
        pytest.raises(
            HeepstorError, match=r"elsewhere/build: .*--build-dir DIR to write the results"
        ),
        cleaning.in_use(repository, lookup(repository, str(elsewhere)), never),
    ):
        pass


def test_who_adds_the_repository_to_fusesoc_finds_no_core_twice(repository: Path) -> None:
    with cleaning.in_use(repository, None, never):
        assert (repository / "build/FUSESOC_IGNORE").is_file()
