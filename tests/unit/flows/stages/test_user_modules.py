"""Modules of projects: unloaded, so that the next project gets its own."""

import sys
from pathlib import Path

import pytest

from flows.stages.user_modules import unloaded_afterwards


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """On Python's path: a module, and a package with one."""
    (tmp_path / "layers_of_mine").mkdir()
    (tmp_path / "layers_of_mine/__init__.py").touch()
    (tmp_path / "layers_of_mine/norm.py").write_text("SIZE = 1\n")
    (tmp_path / "helper_of_mine.py").write_text("SIZE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_what_was_imported_is_imported_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with unloaded_afterwards(()):
        import helper_of_mine
        import layers_of_mine.norm

        assert helper_of_mine.SIZE == layers_of_mine.norm.SIZE == 1
    assert not {"helper_of_mine", "layers_of_mine", "layers_of_mine.norm"} & sys.modules.keys()
    other = folder / "other"
    other.mkdir()
    (other / "helper_of_mine.py").write_text("SIZE = 22\n")
    monkeypatch.syspath_prepend(str(other))
    with unloaded_afterwards(()):
        import helper_of_mine

        assert helper_of_mine.SIZE == 22


def test_modules_that_others_need_stay(folder: Path) -> None:
    with unloaded_afterwards({"helper_of_mine"}):
        import helper_of_mine  # noqa: F401
    assert sys.modules.pop("helper_of_mine").SIZE == 1


def test_a_module_of_a_package_that_stays_is_no_longer_its_attribute(folder: Path) -> None:
    """Otherwise `from package import module` would give the old one."""
    with unloaded_afterwards({"layers_of_mine"}):
        import layers_of_mine.norm  # noqa: F401
    package = sys.modules.pop("layers_of_mine")
    assert not hasattr(package, "norm")


def test_installed_packages_stay() -> None:
    sys.modules.pop("colorsys", None)
    with unloaded_afterwards(()):
        import colorsys  # noqa: F401
    assert "colorsys" in sys.modules


def test_they_are_unloaded_after_an_error(folder: Path) -> None:
    with pytest.raises(KeyError), unloaded_afterwards(()):
        import helper_of_mine  # noqa: F401

        raise KeyError
    assert "helper_of_mine" not in sys.modules
