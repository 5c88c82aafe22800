"""Sets in IDX files (MNIST, Fashion-MNIST), good and bad; downloads; replacements."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import struct
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from modelgen.errors import ModelError
from modelgen.workload.data import Data, fashion_mnist, mnist
from modelgen.workload.data.download import DownloadError, download
from modelgen.workload.data.idx import parse_idx, read_content
from tests.support.file_server import serve

NOWHERE = ("http://127.0.0.1:1/mnist",)
COUNTS = {"train": 20, "t10k": 6}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEEPSTOR_DATA", raising=False)


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def pack(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    return parse_idx(read_content(path), dimensions, path)


def contents() -> dict[str, bytes]:
    """Return the four files, raw."""
    generator = np.random.default_rng(0)
    files = {}
    for part, count in COUNTS.items():
        images = generator.integers(0, 256, (count, 28, 28))
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(generator.integers(0, 10, count))
    return files


@pytest.fixture(params=["raw", "gz"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder with all four files."""
    root = tmp_path / "mnist"
    root.mkdir()
    for name, content in contents().items():
        if request.param == "gz":
            (root / f"{name}.gz").write_bytes(pack(content))
        else:
            (root / name).write_bytes(content)
    return tmp_path


def as_published(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the files of `contents` those whose digests the data set knows."""
    raw = {name: hashlib.sha256(content).hexdigest() for name, content in contents().items()}
    packed = {
        name: hashlib.sha256(pack(content)).hexdigest() for name, content in contents().items()
    }
    unpacked = raw if module.SET.unpacked is not None else None
    changed = dataclasses.replace(module.SET, packed=packed, unpacked=unpacked)
    monkeypatch.setattr(module, "SET", changed)


def test_files_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_published(mnist, monkeypatch)
    data = mnist.load(folder, NOWHERE)
    assert data.name == "MNIST" and not data.note
    assert data.train_inputs.shape == (20, 1, 28, 28)
    assert data.test_inputs.dtype == np.float32
    assert data.test_labels.shape == (6,)
    image = np.frombuffer(contents()["t10k-images-idx3-ubyte"], np.uint8, 784, 16)
    wanted = (image.reshape(28, 28) / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(data.test_inputs[0, 0], wanted, rtol=1e-5, atol=1e-5)


def test_environment_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEPSTOR_DATA", str(folder))
    assert mnist.load(folder / "elsewhere", NOWHERE).name == "MNIST"


def file_of(folder: Path, name: str) -> Path:
    return next((folder / "mnist").glob(f"{name}*"))


def test_truncated_file_is_named(folder: Path) -> None:
    path = file_of(folder, "t10k-images")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"t10k-images-idx3-ubyte\S* is truncated"):
        mnist.load(folder, NOWHERE)


def test_empty_file_is_named(folder: Path) -> None:
    file_of(folder, "train-labels").write_bytes(b"")
    with pytest.raises(ModelError, match="train-labels-idx1-ubyte"):
        mnist.load(folder, NOWHERE)


def test_damaged_gzip_is_named(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx(np.zeros((3, 28, 28)))))
    content[-6] ^= 0xFF
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is damaged"):
        read_idx(path, 3)


def test_text_instead_of_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.gz"
    path.write_text("<html>not found</html>")
    with pytest.raises(ModelError, match="is damaged"):
        read_idx(path, 1)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("t10k-labels-idx1-ubyte", np.zeros((6, 28, 28)), "not an IDX file of 1 dimensions"),
        ("t10k-images-idx3-ubyte", np.zeros((6, 32, 32)), "32 x 32 pixels"),
        ("t10k-labels-idx1-ubyte", np.zeros(5), "6 images.*5 labels"),
        ("t10k-labels-idx1-ubyte", np.full(6, 12), "label 12"),
    ],
)
def test_wrong_content_is_refused(
    tmp_path: Path, name: str, array: np.ndarray, message: str
) -> None:
    (tmp_path / "mnist").mkdir()
    for file, content in contents().items():
        (tmp_path / "mnist" / file).write_bytes(content)
    (tmp_path / "mnist" / name).write_bytes(idx(array))
    with pytest.raises(ModelError, match=message):
        mnist.load(tmp_path, NOWHERE)


def test_bytes_after_the_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx(np.zeros(3)) + b"x")
    with pytest.raises(ModelError, match="bytes after its end"):
        read_idx(path, 1)


def test_some_files_without_a_network_are_refused(folder: Path) -> None:
    file_of(folder, "train-images").unlink()
    with pytest.raises(ModelError, match=r"lacks train-images-idx3-ubyte.*all four"):
        mnist.load(folder, NOWHERE)


def test_digits_replace_mnist_and_say_so(tmp_path: Path) -> None:
    data = mnist.load(tmp_path, NOWHERE)
    assert data.name == "scikit-learn digits"
    assert "cannot be downloaded" in data.note and "1,797" in data.note
    assert data.train_inputs.shape[1:] == data.test_inputs.shape[1:] == (1, 28, 28)
    assert len(data.train_inputs) + len(data.test_inputs) == 1797
    again = mnist.load(tmp_path, NOWHERE)
    np.testing.assert_array_equal(data.test_inputs, again.test_inputs)


def test_download_takes_the_first_good_mirror(tmp_path: Path) -> None:
    root = tmp_path / "served"
    for mirror, content in (("bad", b"something else"), ("good", b"content")):
        (root / mirror).mkdir(parents=True)
        (root / mirror / "file.gz").write_bytes(content)
    target = tmp_path / "kept" / "file.gz"
    with serve(root) as url:
        mirrors = [*NOWHERE, f"{url}/missing", f"{url}/bad/", f"{url}/good"]
        download("file.gz", hashlib.sha256(b"content").hexdigest(), mirrors, target)
    assert target.read_bytes() == b"content"
    assert [path.name for path in target.parent.iterdir()] == ["file.gz"]


def test_download_says_why_each_mirror_failed(tmp_path: Path) -> None:
    root = tmp_path / "served"
    root.mkdir()
    (root / "file.gz").write_bytes(b"something else")
    target = tmp_path / "kept" / "file.gz"
    with serve(root) as url:
        match = r"file\.gz .*refused.*wrong checksum"
        with pytest.raises(DownloadError, match=match):
            download("file.gz", "0" * 64, [*NOWHERE, url], target)
    assert not target.exists()


@pytest.mark.parametrize("module", [mnist, fashion_mnist])
def test_missing_files_are_downloaded(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "served"
    root.mkdir()
    for name, content in contents().items():
        (root / f"{name}.gz").write_bytes(pack(content))
    as_published(module, monkeypatch)
    with serve(root) as url:
        data = module.load(tmp_path, (url,))
    assert data.name == module.SET.name and not data.note
    assert len(list((tmp_path / module.SET.folder).iterdir())) == 4
    assert not module.load(tmp_path, NOWHERE).note


def test_files_that_are_not_the_published_ones_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_published(mnist, monkeypatch)
    path = file_of(folder, "t10k-labels")
    other = idx(np.arange(6))
    path.write_bytes(pack(other) if path.suffix == ".gz" else other)
    data = mnist.load(folder, NOWHERE)
    assert data.test_labels.tolist() == list(range(6))
    assert data.note.startswith(f"MNIST: {path.name} in {path.parent}: not the published content")


def test_packed_files_without_a_published_content_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_published(fashion_mnist, monkeypatch)
    root = tmp_path / "fashion_mnist"
    root.mkdir()
    for name, content in contents().items():
        (root / f"{name}.gz").write_bytes(pack(content))
    assert not fashion_mnist.load(tmp_path, NOWHERE).note
    (root / "t10k-labels-idx1-ubyte.gz").write_bytes(pack(idx(np.arange(6))))
    note = fashion_mnist.load(tmp_path, NOWHERE).note
    assert "t10k-labels-idx1-ubyte.gz" in note and "train" not in note


def test_data_that_does_not_fit_together() -> None:
    images = np.zeros((3, 4), np.float32)
    with pytest.raises(ModelError, match="3 test inputs, but 2 labels"):
        Data("mine", images, np.zeros(2))
    with pytest.raises(ModelError, match="no test inputs"):
        Data("mine", images[:0])
    with pytest.raises(ModelError, match="for training have the shape"):
        Data("mine", images, np.zeros(3), np.zeros((3, 5)), np.zeros(3))


def test_data_of_wrong_kinds() -> None:
    images = np.zeros((3, 4), np.float32)
    with pytest.raises(ModelError, match="name, the first argument, is a ndarray"):
        Data(images, np.zeros(3))
    with pytest.raises(ModelError, match="no test inputs"):
        Data("mine", None)
    with pytest.raises(ModelError, match="test_inputs are not an array of numbers"):
        Data("mine", [["a", "b"]])
    with pytest.raises(ModelError, match="test_labels must be one whole number for each input"):
        Data("mine", images, np.full(3, 0.5))
    with pytest.raises(ModelError, match="test_labels must be one whole number for each input"):
        Data("mine", images, np.eye(3))
    with pytest.raises(ModelError, match="train_inputs hold values that are NaN"):
        Data("mine", images, None, np.full((3, 4), np.nan), np.zeros(3))


def test_data_may_be_tensors() -> None:
    data = Data("mine", torch.ones(3, 4, requires_grad=True), torch.tensor([0, 1, 2]))
    assert data.test_inputs.dtype == np.float32 and data.test_inputs.shape == (3, 4)
    assert data.test_labels.dtype == np.int64 and data.test_labels.tolist() == [0, 1, 2]
