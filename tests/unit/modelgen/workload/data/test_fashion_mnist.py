"""Fashion-MNIST, of which only the packed files are published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelgen.workload.data import fashion_mnist
from tests.support.idx_files import NOWHERE, as_published, contents, idx, pack


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
