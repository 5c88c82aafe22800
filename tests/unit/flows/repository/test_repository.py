"""Where one works: in the repository, or where an installed package was called."""

from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.repository import (
    build_folder,
    is_installed,
    page,
    require_repository,
    shown,
    work_folder,
)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Sources in site-packages, called from the folder `work`."""
    (tmp_path / "site-packages/heepstor").mkdir(parents=True)
    (tmp_path / "site-packages/heepstor-1.0.dist-info").mkdir()
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path / "work"))
    return tmp_path / "site-packages/heepstor"


def test_one_works_in_the_repository_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path / "work"))
    root = tmp_path / "heepstor"
    assert not is_installed(root), "whatever the folder is called"
    assert work_folder(root) == root and build_folder(root) == root / "build"
    require_repository(root)
    (tmp_path / "heepstor-1.0.dist-info").mkdir()
    assert not is_installed(tmp_path / "other"), "what lies beside an installed package"


def test_of_an_installed_package_one_works_where_one_is(tmp_path, installed):
    assert is_installed(installed)
    assert build_folder(installed) == tmp_path / "work/build"
    with pytest.raises(HeepstorError, match="needs the repository"):
        require_repository(installed)


def test_paths_are_shown_from_where_one_works(tmp_path, installed):
    assert shown(installed, tmp_path / "work/build/x") == Path("build/x")
    assert shown(installed, installed / "x") == installed / "x"
    assert shown(tmp_path, tmp_path / "x") == Path("x")


def test_pages_of_the_documentation_are_named_where_they_lie(monkeypatch, installed):
    assert page("boards.md") == "docs/boards.md"
    monkeypatch.setattr("flows.repository.ROOT", installed)
    assert page("boards.md") == str(installed / "docs/boards.md")
