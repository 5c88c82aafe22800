"""Files that are not the published ones."""

from __future__ import annotations

from pathlib import Path

from modelgen.workload.data.checksums import difference_note, sha256


def test_sha256() -> None:
    assert sha256(b"abc").startswith("ba7816bf") and len(sha256(b"")) == 64


def test_files_that_differ_are_named_with_their_folder() -> None:
    assert difference_note("MNIST", []) == ""
    note = difference_note("MNIST", [Path("data/mnist/a.gz"), Path("data/mnist/b.gz")])
    assert note.startswith("MNIST: a.gz, b.gz in data/mnist ")
