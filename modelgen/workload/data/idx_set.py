"""Sets of images in four IDX files, the format in which MNIST and its successors are published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.data import Data, Pixels
from modelgen.workload.data.checksums import difference_note, sha256
from modelgen.workload.data.download import DownloadError, download
from modelgen.workload.data.folders import data_set_folder
from modelgen.workload.data.idx import parse_idx, read_content
from modelgen.workload.data.images import normalize

SIDE = 28
CLASSES = 10


@dataclass(frozen=True)
class IdxSet:
    """One published set of 28 x 28 grey images in ten classes."""

    name: str
    folder: str
    """Name of its folder, relative to the folder of the data sets."""
    packed: Mapping[str, str]
    """File name without .gz -> SHA-256 of the gzipped file as published."""
    mean: float
    """Mean of the training images, with pixels in 0 .. 1."""
    deviation: float
    unpacked: Mapping[str, str] | None = None
    """File name -> SHA-256 of its decompressed content; None if that has not been published."""

    def load(
        self, folder: Path, mirrors: Sequence[str], replacement: Callable[[str], Data]
    ) -> Data:
        """Return the images, normalized, as FP32 of shape (count, 1, 28, 28).

        The four files (plain or .gz) are read from $HEEPSTOR_DATA/<folder> if that variable is
        set, otherwise from `folder`/<folder>, and downloaded if they are missing. Files that differ
        from the published ones are used as they are, and the result's note says so.

        Args:
            folder: where data sets are kept.
            mirrors: URLs of folders with the files.
            replacement: returns other data if nothing can be downloaded; called with the reason.

        Raises:
            ModelError: a file is truncated, damaged or wrong, or only some of the files exist.
        """
        root = data_set_folder(folder, self.folder)
        missing = [name for name in self.packed if _find(root, name) is None]
        try:
            for name in missing:
                download(f"{name}.gz", self.packed[name], mirrors, root / f"{name}.gz")
        except DownloadError as error:
            self._refuse_incomplete(root, missing, error)
            return replacement(f"{self.name} is not in {root} and cannot be downloaded: {error}.")
        return self._read(root)

    @property
    def pixels(self) -> Pixels:
        """How pixels are converted to inputs."""
        return Pixels((self.mean,), (self.deviation,))

    def normalize(self, pixels: np.ndarray) -> np.ndarray:
        """Return pixels in 0 .. 1, shape (count, rows, columns), as one normalized channel."""
        return normalize(pixels[:, None], [self.mean], [self.deviation])

    def _refuse_incomplete(self, root: Path, missing: list[str], error: DownloadError) -> None:
        """Raise ModelError if some, but not all, of the files exist."""
        if len(missing) < len(self.packed):
            raise ModelError(
                f"{root} is missing {', '.join(missing)}, and the download failed: {error}. Put "
                f"all four {self.name} files there, or none."
            ) from error

    def _read(self, root: Path) -> Data:
        different: list[Path] = []
        train_inputs, train_labels = self._read_pair(root, "train", different)
        test_inputs, test_labels = self._read_pair(root, "t10k", different)
        note = difference_note(self.name, different)
        return Data(
            *(self.name, test_inputs, test_labels, train_inputs, train_labels, note),
            pixels=self.pixels,
        )

    def _read_pair(
        self, root: Path, part: str, different: list[Path]
    ) -> tuple[np.ndarray, np.ndarray]:
        image_path, images = self._read_file(root, f"{part}-images-idx3-ubyte", 3, different)
        label_path, labels = self._read_file(root, f"{part}-labels-idx1-ubyte", 1, different)
        if images.shape[1:] != (SIDE, SIDE):
            size = f"{images.shape[1]} x {images.shape[2]}"
            raise ModelError(
                f"{image_path} contains images of {size} pixels; expected {SIDE} x {SIDE}."
            )
        if len(images) != len(labels):
            raise ModelError(
                f"{image_path} contains {len(images)} images, but {label_path} {len(labels)} "
                "labels. Use files from the same set."
            )
        if len(labels) and labels.max() >= CLASSES:
            raise ModelError(f"{label_path} contains the label {labels.max()}; expected 0 to 9.")
        return self.normalize(images.astype(np.float32) / 255.0), labels.astype(np.int64)

    def _read_file(
        self, root: Path, name: str, dimensions: int, different: list[Path]
    ) -> tuple[Path, np.ndarray]:
        path = _find(root, name)
        assert path is not None, name
        content = read_content(path)
        if not self._is_published(path, name, content):
            different.append(path)
        return path, parse_idx(content, dimensions, path)

    def _is_published(self, path: Path, name: str, content: bytes) -> bool:
        """Return whether a file is the published one, as far as its digest is known."""
        if self.unpacked is not None:
            return sha256(content) == self.unpacked[name]
        return path.suffix != ".gz" or sha256(path.read_bytes()) == self.packed[name]


def _find(root: Path, name: str) -> Path | None:
    candidates = (root / name, root / f"{name}.gz")
    return next((path for path in candidates if path.exists()), None)
