"""Texts about files are remembered, and never stale."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.system.file_facts import FileFacts


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("flows.system.file_facts._SETTLED_NS", -1)
    path = tmp_path / "file"
    path.write_text("one")
    return path


def _not_again() -> str:
    raise AssertionError("it was known")


def test_a_text_is_found_once_for_each_of_its_subjects(file: Path, tmp_path: Path) -> None:
    facts = FileFacts(tmp_path / "facts.json")
    assert facts.find(file, lambda: "a") == "a"
    assert facts.find(file, lambda: "b", ":other") == "b"
    facts.save()
    again = FileFacts(tmp_path / "facts.json")
    assert again.find(file, _not_again) == "a"
    assert again.find(file, _not_again, ":other") == "b"


def test_a_text_is_found_anew_for_a_file_that_changed(file: Path, tmp_path: Path) -> None:
    facts = FileFacts()
    facts.find(file, lambda: "a")
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    file.write_text("two")
    os.utime(file, ns=times)
    assert facts.find(file, lambda: "b") == "b"
    with pytest.raises(OSError, match="missing"):
        facts.find(tmp_path / "missing", lambda: "c")


def test_nothing_new_is_not_saved(file: Path, tmp_path: Path) -> None:
    facts = FileFacts(tmp_path / "facts.json")
    facts.save()
    assert not (tmp_path / "facts.json").exists()
