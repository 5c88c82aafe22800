"""CIFAR-10: colour images, 32 x 32 pixels, ten classes; or synthetic patterns.

Only the binary version is read, which does not need pickle: records of a label and 3 x 32 x 32
bytes.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.data import Data, Pixels
from modelgen.workload.data.checksums import difference_note, sha256
from modelgen.workload.data.download import DownloadError, download
from modelgen.workload.data.folders import data_set_folder
from modelgen.workload.data.images import normalize
from modelgen.workload.data.synthetic import patterns

MIRRORS = ("https://www.cs.toronto.edu/~kriz",)
ARCHIVE = "cifar-10-binary.tar.gz"
ARCHIVE_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
UNPACKED = "cifar-10-batches-bin"
"""Folder in the archive."""
FILES = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}
"""File name -> SHA-256, the test set last."""

SHAPE = (3, 32, 32)
CLASSES = 10
MEANS, DEVIATIONS = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)
"""Of red, green and blue in the training images, with pixels in 0 .. 1."""

_RECORD = 1 + 3 * 32 * 32
_SEED = 2
_ADVICE = "Remove it to have it downloaded, or replace it."


def load(folder: Path, mirrors: Sequence[str] = MIRRORS) -> Data:
    """Return the images, normalized, as FP32 of shape (count, 3, 32, 32).

    They are read from $HEEPSTOR_DATA/cifar10 if that variable is set, otherwise from
    `folder`/cifar10: the six .bin files, their folder cifar-10-batches-bin, or the archive
    cifar-10-binary.tar.gz, which is downloaded if none of these exists. Files that differ from the
    published ones are used as they are, and the result's note says so. Without a network, synthetic
    patterns are used, and the note says so.

    Raises:
        ModelError: a file is truncated, damaged or missing.
    """
    root = data_set_folder(folder, "cifar10")
    unpacked = next((path for path in (root / UNPACKED, root) if _has_batches(path)), None)
    if unpacked is not None:
        return _read((unpacked / name, _file_content(unpacked / name)) for name in FILES)
    archive = root / ARCHIVE
    if not archive.exists():
        try:
            download(ARCHIVE, ARCHIVE_SHA256, mirrors, archive)
        except DownloadError as error:
            return _synthetic(f"CIFAR-10 is not in {root} and cannot be downloaded: {error}.")
    return _read(_archive_contents(archive))


def _has_batches(folder: Path) -> bool:
    return any((folder / name).exists() for name in FILES)


def _file_content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"{path.parent} is missing {path.name}. Put all six CIFAR-10 files there, or none."
        ) from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error


def _archive_contents(archive: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield the six files of the archive without extracting them to disk."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for name in FILES:
                member = tar.extractfile(f"{UNPACKED}/{name}")
                yield archive / name, b"" if member is None else member.read()
    except KeyError as error:
        raise ModelError(
            f"{archive} is not a CIFAR-10 archive: {error.args[0]}. {_ADVICE}"
        ) from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ModelError(f"{archive} is truncated or damaged: {error}. {_ADVICE}") from error
    except OSError as error:
        raise ModelError(f"{archive} cannot be read: {error}. {_ADVICE}") from error


def _read(files: Iterator[tuple[Path, bytes]]) -> Data:
    inputs, labels, different = [], [], []
    for path, content in files:
        if sha256(content) != FILES[path.name]:
            different.append(path)
        pictures, classes = _records(path, content)
        inputs.append(pictures)
        labels.append(classes)
    return Data(
        "CIFAR-10",
        inputs[-1],
        labels[-1],
        np.concatenate(inputs[:-1]),
        np.concatenate(labels[:-1]),
        difference_note("CIFAR-10", different),
        Pixels(MEANS, DEVIATIONS),
    )


def _records(path: Path, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    if not content or len(content) % _RECORD:
        raise ModelError(
            f"{path} is not a CIFAR-10 file in the binary version: its size, {len(content)} bytes, "
            f"is not a positive multiple of {_RECORD}, the size of a record. {_ADVICE}"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= CLASSES:
        raise ModelError(f"{path} contains the label {labels.max()}; expected 0 to 9. {_ADVICE}")
    pixels = records[:, 1:].reshape(-1, *SHAPE).astype(np.float32) / np.float32(255)
    return normalize(pixels, MEANS, DEVIATIONS), labels


def _synthetic(reason: str) -> Data:
    note = f"{reason} Using synthetic patterns instead: accuracy says nothing about real images."
    return patterns("CIFAR-10", SHAPE, CLASSES, _SEED, note)
