"""Checks of what was typed on the command line."""

from pathlib import Path

import pytest

from flows.errors import HeepstorError
from flows.terminal.arguments import check_choice, user_path, whole_number


def test_paths_are_seen_from_where_they_were_typed(tmp_path, monkeypatch):
    monkeypatch.setenv("HEEPSTOR_CWD", str(tmp_path / "work"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert user_path("a/b") == tmp_path / "work/a/b"
    assert user_path("../a") == tmp_path / "a"
    assert user_path("/etc/hosts") == Path("/etc/hosts").resolve()


def test_without_the_launcher_paths_are_seen_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("HEEPSTOR_CWD", raising=False)
    monkeypatch.chdir(tmp_path)
    assert user_path("a") == tmp_path / "a"


def test_whole_numbers():
    assert whole_number("jobs", "", 1) is None
    assert whole_number("jobs", "1", 1) == 1
    assert whole_number("count", "007", 0) == 7


# The last is a digit to Python, but none that a person types.
@pytest.mark.parametrize("text", ["0", "-1", "+1", "1.0", " 1", "1_000", "x", "9" * 19, "\u0663"])
def test_what_is_no_whole_number(text):
    with pytest.raises(HeepstorError, match=r"^--jobs is .*: expected an integer >= 1\.$"):
        whole_number("jobs", text, 1)


def test_choices_are_named_but_for_the_empty_one():
    check_choice("unit", "", ("", "cycles", "us"))
    with pytest.raises(HeepstorError, match=r"^--unit is 'days'\. Valid choices: cycles, us\.$"):
        check_choice("unit", "days", ("", "cycles", "us"))
