"""CIFAR-10: folder, archive, download; what is damaged; the replacement."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.workload.data import cifar10
from tests.support.file_server import serve

NOWHERE = ("http://127.0.0.1:1/cifar10",)
PICTURES = 4


def contents() -> dict[str, bytes]:
    """Return six files of a few pictures."""
    generator = np.random.default_rng(0)
    files = {}
    for name in cifar10.FILES:
        labels = generator.integers(0, 10, (PICTURES, 1))
        pixels = generator.integers(0, 256, (PICTURES, 3072))
        files[name] = np.hstack([labels, pixels]).astype(np.uint8).tobytes()
    return files


def archive_of(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the files of `contents` those whose digests are known."""
    monkeypatch.delenv("HEEPSTOR_DATA", raising=False)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents().items()}
    monkeypatch.setattr(cifar10, "FILES", sums)


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("place", ["cifar10", "cifar10/cifar-10-batches-bin"])
def test_files_are_read(tmp_path: Path, place: str) -> None:
    write(tmp_path / place, contents())
    data = cifar10.load(tmp_path, NOWHERE)
    assert data.name == "CIFAR-10" and not data.note
    assert data.train_inputs.shape == (5 * PICTURES, 3, 32, 32)
    record = np.frombuffer(contents()["test_batch.bin"], np.uint8)[:3073]
    assert data.test_labels[0] == record[0]
    wanted = (record[1 + 2 * 1024 :].reshape(32, 32) / 255 - 0.4465) / 0.2010
    np.testing.assert_allclose(data.test_inputs[0, 2], wanted, rtol=1e-5, atol=1e-5)


def test_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "cifar10", contents())
    monkeypatch.setenv("HEEPSTOR_DATA", str(tmp_path))
    assert cifar10.load(tmp_path / "elsewhere", NOWHERE).name == "CIFAR-10"


def test_archive_is_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive_of(contents())
    write(tmp_path / "served", {cifar10.ARCHIVE: packed})
    monkeypatch.setattr(cifar10, "ARCHIVE_SHA256", hashlib.sha256(packed).hexdigest())
    with serve(tmp_path / "served") as url:
        first = cifar10.load(tmp_path, (url,))
    second = cifar10.load(tmp_path, NOWHERE)
    assert first.name == second.name == "CIFAR-10" and not second.note
    np.testing.assert_array_equal(first.train_inputs, second.train_inputs)
    assert [path.name for path in (tmp_path / "cifar10").iterdir()] == [cifar10.ARCHIVE]


def test_archive_with_a_wrong_checksum_is_not_kept(tmp_path: Path) -> None:
    write(tmp_path / "served", {cifar10.ARCHIVE: archive_of(contents())})
    with serve(tmp_path / "served") as url:
        data = cifar10.load(tmp_path, (url,))
    assert "wrong checksum" in data.note and data.name.startswith("synthetic")
    assert not (tmp_path / "cifar10").exists()


def test_other_content_is_told(tmp_path: Path) -> None:
    files = contents()
    files["data_batch_2.bin"] = files["data_batch_1.bin"]
    write(tmp_path / "cifar10", {cifar10.ARCHIVE: archive_of(files)})
    note = cifar10.load(tmp_path, NOWHERE).note
    assert "data_batch_2.bin" in note and "not have the published content" in note
    assert "data_batch_1.bin" not in note


def without_tests() -> bytes:
    return archive_of({name: data for name, data in contents().items() if name != "test_batch.bin"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive_of(contents())[:5000], "is truncated or damaged"),
        (b"<html>not found</html>", "is truncated or damaged"),
        (gzip.compress(b""), "is truncated or damaged"),
        (without_tests(), r"is not a CIFAR-10 archive.*test_batch\.bin"),
    ],
    ids=["cut off", "no archive", "empty", "without tests"],
)
def test_damaged_archives_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    write(tmp_path / "cifar10", {cifar10.ARCHIVE: content})
    with pytest.raises(ModelError, match=rf"cifar-10-binary\.tar\.gz {message}.*Remove it"):
        cifar10.load(tmp_path, NOWHERE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes, is not a positive multiple of 3073"),
        (b"\1" * 3074, "3074 bytes, is not a positive multiple of 3073"),
        (b"\12" * 3073, "contains the label 10; expected 0 to 9"),
    ],
)
def test_wrong_content_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    write(tmp_path / "cifar10", {**contents(), "data_batch_3.bin": content})
    with pytest.raises(ModelError, match=rf"data_batch_3\.bin.*{message}"):
        cifar10.load(tmp_path, NOWHERE)


def test_some_files_are_refused(tmp_path: Path) -> None:
    files = contents()
    del files["test_batch.bin"]
    write(tmp_path / "cifar10", files)
    with pytest.raises(ModelError, match=r"is missing test_batch\.bin"):
        cifar10.load(tmp_path, NOWHERE)


def test_patterns_replace_it_and_say_so(tmp_path: Path) -> None:
    data = cifar10.load(tmp_path, NOWHERE)
    assert data.name == "synthetic patterns for CIFAR-10"
    assert "cannot be downloaded" in data.note and "says nothing about real" in data.note
    assert data.test_inputs.shape[1:] == (3, 32, 32)
