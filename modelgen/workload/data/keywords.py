"""Features of spoken keywords, 49 frames of 10 coefficients, 12 classes; or synthetic patterns.

The features are not published ready to use; they have to be computed from recordings (in MLPerf
Tiny from Google's Speech Commands: one second each, 40 ms windows every 20 ms, ten mel-frequency
cepstral coefficients). Provide them as one NumPy archive, keywords/features.npz, with the arrays

    train_features  (count, 49, 10)    train_labels  (count,)
    test_features   (count, 49, 10)    test_labels   (count,)

Labels are 0 to 11; in MLPerf Tiny they are down, go, left, no, off, on, right, stop, up, yes,
silence and unknown.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.data import Data
from modelgen.workload.data.folders import data_set_folder
from modelgen.workload.data.synthetic import patterns

FRAMES, COEFFICIENTS = 49, 10
CLASSES = 12
ARRAYS = ("train_features", "train_labels", "test_features", "test_labels")

_SEED = 3


def load(folder: Path) -> Data:
    """Return the features as FP32 of shape (count, 1, 49, 10).

    They are read from $HEEPSTOR_DATA/keywords/features.npz if that variable is set, otherwise from
    `folder`/keywords/features.npz, and standardized with the training set's mean and deviation of
    each coefficient. Without that file, synthetic patterns are used, and the result's note says so.

    Raises:
        ModelError: the file is damaged, or is not in this format.
    """
    path = data_set_folder(folder, "keywords") / "features.npz"
    if not path.exists():
        note = (
            f"There is no {path}. Using synthetic patterns instead: accuracy says nothing about "
            "real speech. The format is described in modelgen/workload/data/keywords.py."
        )
        return patterns("keywords", (1, FRAMES, COEFFICIENTS), CLASSES, _SEED, note)
    arrays = _read(path)
    train, test = _standardize(arrays["train_features"], arrays["test_features"])
    return Data("keywords", test, arrays["test_labels"], train, arrays["train_labels"])


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in ARRAYS if name not in archive.files]
            if missing:
                raise ModelError(f"{path} is missing {', '.join(missing)}.")
            arrays = {name: archive[name] for name in ARRAYS}
    except (ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{path} is not a NumPy archive of numbers: {error}.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    for name in ARRAYS:
        _check(path, name, arrays[name])
    return arrays


def _check(path: Path, name: str, array: np.ndarray) -> None:
    if name.endswith("features"):
        if array.ndim != 3 or array.shape[1:] != (FRAMES, COEFFICIENTS):
            shape = " x ".join(map(str, array.shape))
            raise ModelError(
                f"{path}: {name} is {shape}; expected count x {FRAMES} x {COEFFICIENTS}."
            )
    elif array.size and (array.min() < 0 or array.max() >= CLASSES):
        found = f"{array.min()} to {array.max()}"
        raise ModelError(f"{path}: {name} range from {found}; expected 0 to {CLASSES - 1}.")


def _standardize(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sets, standardized by the training set's mean and deviation per coefficient."""
    mean = train.mean(axis=(0, 1), dtype=np.float64)
    deviation = np.maximum(train.std(axis=(0, 1), dtype=np.float64), 1e-6)
    return tuple(((part - mean) / deviation)[:, None].astype(np.float32) for part in (train, test))
