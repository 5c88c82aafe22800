"""IDX files, good and bad."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.workload.data.idx import parse_idx, read_content
from tests.support.idx_files import idx


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    return parse_idx(read_content(path), dimensions, path)


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


def test_bytes_after_the_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx(np.zeros(3)) + b"x")
    with pytest.raises(ModelError, match="has trailing bytes"):
        read_idx(path, 1)
