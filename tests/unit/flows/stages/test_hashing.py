"""Hashes of files are remembered, and never stale."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flows.stages.hashing import FileHashes


def test_hashes_are_remembered_and_never_stale(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("one")
    monkeypatch.setattr("flows.system.file_facts._SETTLED_NS", -1)
    hashes = FileHashes(tmp_path / "hashes.json")
    first = hashes.of(file)
    hashes.save()
    again = FileHashes(tmp_path / "hashes.json")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", None)
        assert again.of(file) == first, "an unchanged file is not read"
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    file.write_text("two")
    os.utime(file, ns=times)
    assert again.of(file) != first, "the same size and time do not hide a change"
    (tmp_path / "hashes.json").write_text("nonsense")
    assert FileHashes(tmp_path / "hashes.json").of(file) != first


@pytest.mark.parametrize("entry", [None, 3, "text", [], [1], [[1, 2, 3, 4], 5], {"a": []}])
def test_remembered_hashes_of_the_wrong_shape_are_none(tmp_path, entry):
    file, store = tmp_path / "file", tmp_path / "hashes.json"
    file.write_text("one")
    right = FileHashes().of(file)
    for content in (entry, {str(file): entry}):
        store.write_text(json.dumps(content))
        assert FileHashes(store).of(file) == right


@pytest.mark.parametrize("digest", [None, 5, ["0"], {}])
def test_a_remembered_hash_that_is_no_text(tmp_path, digest):
    """Of the file as it is now: size, times and inode are right."""
    file, store = tmp_path / "file", tmp_path / "hashes.json"
    file.write_text("one")
    status = file.stat()
    identity = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    store.write_text(json.dumps({str(file): [identity, digest]}))
    assert FileHashes(store).of(file) == FileHashes().of(file)


def test_a_fresh_file_is_not_remembered(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    hashes = FileHashes(tmp_path / "hashes.json")
    hashes.of(file)
    hashes.save()
    assert not (tmp_path / "hashes.json").exists()
