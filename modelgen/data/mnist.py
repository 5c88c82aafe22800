"""Handwritten digits of 28 x 28 pixels: MNIST, or scikit-learn's digits where it cannot be had."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelgen.data import Data
from modelgen.data.download import DownloadError, download
from modelgen.data.idx import read_idx
from modelgen.errors import ModelError

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist",
)
FILES = {
    "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
"""Names, and SHA-256 of the gzipped files as they were published."""

SIDE = 28
CLASSES = 10
MEAN, DEVIATION = 0.1307, 0.3081
"""Of MNIST's training images, as pixels of 0 .. 1."""

_DIGITS_TEST_SHARE = 0.2


def load(folder: Path, mirrors: Sequence[str] = MIRRORS) -> Data:
    """Return the digits, normalised, as FP32 of shape (count, 1, 28, 28).

    The four IDX files (raw or .gz) are read from $HEEPSTOR_DATA/mnist if that is set, else from
    `folder`/mnist; they are downloaded if they are missing. Without a network the 1,797 digits of
    scikit-learn are used, scaled to 28 x 28, and the result's note says so.

    Raises:
        ModelError: a file is truncated, damaged or wrong; or only some of them are there.
    """
    root = Path(os.environ.get("HEEPSTOR_DATA") or folder) / "mnist"
    missing = [name for name in FILES if _find(root, name) is None]
    if missing:
        try:
            for name in missing:
                download(f"{name}.gz", FILES[name], mirrors, root / f"{name}.gz")
        except DownloadError as error:
            return _without_network(root, missing, error)
    return _read(root)


def _find(root: Path, name: str) -> Path | None:
    candidates = (root / name, root / f"{name}.gz")
    return next((path for path in candidates if path.exists()), None)


def _without_network(root: Path, missing: list[str], error: DownloadError) -> Data:
    """Return scikit-learn's digits; refuse if the user has put some of the files there."""
    if len(missing) < len(FILES):
        raise ModelError(
            f"{root} lacks {', '.join(missing)}, and it cannot be downloaded: {error}. Put all "
            "four MNIST files there, or none."
        ) from error
    return _digits(
        f"MNIST is not in {root} and cannot be downloaded: {error}. Using the 1,797 handwritten "
        "digits of scikit-learn instead, scaled to 28 x 28."
    )


def _read(root: Path) -> Data:
    train_inputs, train_labels = _read_pair(root, "train")
    test_inputs, test_labels = _read_pair(root, "t10k")
    return Data("MNIST", test_inputs, test_labels, train_inputs, train_labels)


def _read_pair(root: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    image_path = _find(root, f"{part}-images-idx3-ubyte")
    label_path = _find(root, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(image_path, 3), read_idx(label_path, 1)
    if images.shape[1:] != (SIDE, SIDE):
        size = f"{images.shape[1]} x {images.shape[2]}"
        raise ModelError(f"{image_path} holds images of {size} pixels, not {SIDE} x {SIDE}.")
    if len(images) != len(labels):
        raise ModelError(
            f"{image_path} holds {len(images)} images, {label_path} {len(labels)} labels: they do "
            "not belong together."
        )
    if len(labels) and labels.max() >= CLASSES:
        raise ModelError(f"{label_path} holds the label {labels.max()}; digits go from 0 to 9.")
    return _normalize(images.astype(np.float32) / 255.0), labels.astype(np.int64)


def _normalize(pixels: np.ndarray) -> np.ndarray:
    """Return pixels of 0 .. 1 with MNIST's mean and deviation taken out, one channel."""
    scaled = (pixels - np.float32(MEAN)) / np.float32(DEVIATION)
    return scaled[:, None].astype(np.float32)


def _digits(note: str) -> Data:
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    pixels = _normalize(_enlarge(digits.images[order].astype(np.float32) / 16.0))
    labels = digits.target[order].astype(np.int64)
    split = int(len(labels) * _DIGITS_TEST_SHARE)
    return Data(
        "scikit-learn digits",
        pixels[:split],
        labels[:split],
        pixels[split:],
        labels[split:],
        note,
    )


def _enlarge(images: np.ndarray) -> np.ndarray:
    """Scale images to 28 x 28, bilinear."""
    rows = _interpolation(images.shape[1])
    columns = _interpolation(images.shape[2])
    return (rows @ images @ columns.T).astype(np.float32)


def _interpolation(size: int) -> np.ndarray:
    """Return the (28, size) matrix that enlarges a row of pixels, each a square of equal size."""
    position = np.clip((np.arange(SIDE) + 0.5) * size / SIDE - 0.5, 0, size - 1)
    left = np.minimum(position.astype(int), size - 2)
    share = position - left
    matrix = np.zeros((SIDE, size))
    matrix[np.arange(SIDE), left] = 1 - share
    matrix[np.arange(SIDE), left + 1] = share
    return matrix
