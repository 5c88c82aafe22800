"""Files: written whole or not at all, removed, read as JSON; and errors that say what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from flows.system.files import describe, read_json, remove, write_whole
from tests.support.processes import run_python


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "new folder" / "file"
    write_whole(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "new \udcff")
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.EISDIR, "expected a file, found a folder"),
        (errno.ENOTDIR, "expected a folder, found a file"),
        (errno.EEXIST, "expected a folder, found a file"),
        (errno.EACCES, "do build/ and data/ belong to this user"),
        (errno.ENOSPC, "free some space"),
    ],
)
def test_errors_of_the_system_say_where_and_what_to_do(number: int, text: str) -> None:
    assert text in describe(OSError(number, os.strerror(number), "a/b"))
    assert describe(OSError(number, os.strerror(number), "a/b")).startswith("a/b: ")
    assert describe(OSError(number, os.strerror(number)), "place").startswith("place: ")


def test_the_file_in_the_way_is_named(tmp_path: Path) -> None:
    """It may be a folder above the one that cannot be made."""
    (tmp_path / "build").touch()
    with pytest.raises(OSError) as raised:
        write_whole(tmp_path / "build" / "deep" / "file", "text")
    text = describe(raised.value)
    assert text.startswith(f"{tmp_path / 'build'}: ")
    assert "expected a folder, found a file; remove it or name another" in text


@pytest.mark.parametrize("kind", ["nothing", "file", "folder", "link", "broken link"])
def test_what_is_removed(tmp_path: Path, kind: str) -> None:
    """Of links only themselves are."""
    path, kept = tmp_path / "path", tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    if kind == "file":
        path.touch()
    elif kind == "folder":
        (path / "inner").mkdir(parents=True)
    elif kind != "nothing":
        path.symlink_to(kept if kind == "link" else tmp_path / "nowhere")
    remove(path)
    assert list(tmp_path.rglob("*")) == [kept, kept / "file"]


def test_a_write_that_fails_names_its_file(tmp_path: Path) -> None:
    program = """
        import resource
        from pathlib import Path
        from flows.system.files import write_whole
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        try:
            write_whole(Path("file"), "x" * 100)
        except OSError as error:
            assert error.filename.endswith("file"), error
    """
    done = run_python(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_damaged_json_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    assert read_json(path) is None


def test_json_is_in_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_json(tmp_path) is None
    assert read_json(tmp_path / "pipe") is None
    assert read_json(tmp_path / "nowhere") is None
    write_whole(tmp_path / "file", "[1]")
    assert read_json(tmp_path / "file") == [1]
