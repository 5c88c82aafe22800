"""Where projects lie, what their names can be, and where their results go."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.repository import projects


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one project; beside it, where the user is, a project of the same name."""
    for folder in ("repository/projects/mnist", "here/mnist", "here/mine"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "project.py").touch()
    (tmp_path / "here/mine/notes").touch()
    (tmp_path / "here/mine/net.pth").touch()
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path / "here"))
    return tmp_path / "repository"


def test_a_name_is_one_of_the_repositorys(root: Path) -> None:
    found = projects.find(root, "mnist")
    assert found.folder == root / "projects/mnist"
    assert found.results == root / "build/projects/mnist"
    assert found.typed == "mnist" and found.is_ours and found.owns_results


@pytest.mark.parametrize("typed", ["mine", "./mine", "mine/project.py", "../here/mine/"])
def test_a_path_is_seen_from_where_it_was_typed(root: Path, typed: str) -> None:
    found = projects.find(root, typed)
    folder = root.parent / "here/mine"
    assert (found.name, found.folder, found.results) == ("mine", folder, folder / "build")
    assert found.typed == str(folder), "the same from any folder"
    assert not found.is_ours and not found.owns_results


def test_a_path_leads_to_a_project_named_like_one_of_the_repositorys(root: Path) -> None:
    assert projects.find(root, "./mnist").folder == root.parent / "here/mnist"
    assert projects.find(root, "../repository/projects/mnist") == projects.find(root, "mnist")


@pytest.mark.parametrize("typed", ["mnist", "mine"])
def test_results_go_where_the_user_says(root: Path, typed: str) -> None:
    found = projects.find(root, typed, "out")
    assert found.results == root.parent / "here/out" and not found.owns_results


def test_projects_near_the_user_are_listed(root: Path) -> None:
    found = [(project.name, project.is_ours) for project in projects.listed(root)]
    assert found == [("mnist", True), ("mine", False), ("mnist", False)]


def test_the_configuration_beside_a_project_is_its_own(root: Path) -> None:
    assert projects.find(root, "mine").configuration is None
    path = root.parent / "here/mine/heepstor_cfg.hjson"
    path.touch()
    assert projects.find(root, "mine").configuration == path


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("mnits", "there is no project 'mnits'. Did you mean mnist"),
        ("", "no project is given"),
        ("..", "there is no project.py in "),
        (
            "mine/model.py",
            "'mine/model.py' is not a project: there is no project.py in .*mine/model.py",
        ),
        ("none/project.py", "there is no project.py in .*/none[.]"),
        ("mine/notes", "'mine/notes' is not a project.py"),
        ("mine/net.pth", "'mine/net.pth' is not a project.py.*setting 'checkpoint'"),
        ("~nobody-here/mine", "~nobody-here/mine: no such home folder"),
    ],
)
def test_what_is_no_project_is_explained(root: Path, typed: str, message: str) -> None:
    with pytest.raises(HeepstorError, match=message):
        projects.find(root, typed)


@pytest.mark.parametrize("name", ["my.net", ".lock", "-v", "a b", "a\nb", "é", "x" * 65])
def test_names_that_are_no_projects(tmp_path: Path, name: str) -> None:
    """They would be lost in paths, module names and messages."""
    for place in (tmp_path / "projects", tmp_path):
        (place / name).mkdir(parents=True)
        (place / name / "project.py").touch()
    assert projects.names(tmp_path) == []
    for typed in (name, str(tmp_path / name)):
        with pytest.raises(HeepstorError, match="cannot be a project's name"):
            projects.find(tmp_path, typed)
    with pytest.raises(HeepstorError, match="Rename its folder"):
        projects.lookup(tmp_path, str(tmp_path / name))


def test_a_models_file_has_results_of_its_own(root: Path) -> None:
    file = root.parent / "here/net_8.tflite"
    file.touch()
    found = projects.find(root, "net_8.tflite")
    assert (found.name, found.place, found.file) == ("net_8", file, file)
    assert found.results == root.parent / "here/build/net_8" and found.owns_results
    assert not projects.find(root, str(file), "out").owns_results
    assert projects.find(root, "mine").place == root.parent / "here/mine"


def test_the_name_of_a_models_file_is_that_of_its_results(root: Path) -> None:
    (root.parent / "here/my net.tflite").touch()
    with pytest.raises(
        HeepstorError, match=r"'my net' cannot be a project's name.*Rename the file"
    ):
        projects.find(root, "my net.tflite")
