"""Sets of four IDX files: damaged, missing, and not the published ones."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.workload.data import fashion_mnist, mnist
from tests.support.file_server import serve
from tests.support.idx_files import NOWHERE, as_published, contents, file_of, idx, pack


def test_truncated_file_is_named(folder: Path) -> None:
    path = file_of(folder, "t10k-images")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"t10k-images-idx3-ubyte\S* is truncated"):
        mnist.load(folder, NOWHERE)


def test_empty_file_is_named(folder: Path) -> None:
    file_of(folder, "train-labels").write_bytes(b"")
    with pytest.raises(ModelError, match="train-labels-idx1-ubyte"):
        mnist.load(folder, NOWHERE)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("t10k-labels-idx1-ubyte", np.zeros((6, 28, 28)), "not an IDX file .* with 1 dimensions"),
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


def test_some_files_without_a_network_are_refused(folder: Path) -> None:
    file_of(folder, "train-images").unlink()
    with pytest.raises(ModelError, match=r"is missing train-images-idx3-ubyte.*all four"):
        mnist.load(folder, NOWHERE)


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
    assert data.note.startswith(f"MNIST: {path.name} in {path.parent} does not have the published")
