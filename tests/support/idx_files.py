"""Small IDX files, as MNIST has them."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import struct
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

NOWHERE = ("http://127.0.0.1:1/mnist",)


COUNTS = {"train": 20, "t10k": 6}


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def pack(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def contents() -> dict[str, bytes]:
    """Return the four files, raw."""
    generator = np.random.default_rng(0)
    files = {}
    for part, count in COUNTS.items():
        images = generator.integers(0, 256, (count, 28, 28))
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(generator.integers(0, 10, count))
    return files


def as_published(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the files of `contents` those whose digests the data set knows."""
    raw = {name: hashlib.sha256(content).hexdigest() for name, content in contents().items()}
    packed = {
        name: hashlib.sha256(pack(content)).hexdigest() for name, content in contents().items()
    }
    unpacked = raw if module.SET.unpacked is not None else None
    changed = dataclasses.replace(module.SET, packed=packed, unpacked=unpacked)
    monkeypatch.setattr(module, "SET", changed)


def file_of(folder: Path, name: str) -> Path:
    return next((folder / "mnist").glob(f"{name}*"))
