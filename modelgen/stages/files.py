"""The files that the stage `export` writes in addition to the graph, and later stages read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TEST_FILE = "test.npz"
PROJECT_FILE = "project.json"
CHECK_FILE = "check.json"
CALIBRATION_FILE = "calibration.npz"
AWARE_FOLDER = "aware"
"""With the graph of the quantization-aware training."""
_INPUT = "input"
"""What the names of the inputs' arrays begin with."""


@dataclass(frozen=True)
class Samples:
    """A test set."""

    inputs: tuple[np.ndarray, ...]
    """For each of the model's inputs, shape (samples, features...), in PyTorch's order and in the
    type that the user's module gets."""
    outputs: np.ndarray
    """Outputs of the user's module, one after another, FP32, shape (samples, outputs)."""
    labels: np.ndarray | None
    """None: unknown."""

    @property
    def types(self) -> list[str]:
        """The type of each input that the user's module gets, such as "float32"."""
        return [array.dtype.name for array in self.inputs]


def read_test_data(folder: Path) -> Samples:
    """Return the test set that `export` wrote."""
    with np.load(folder / TEST_FILE) as archive:
        labels = archive["labels"] if "labels" in archive.files else None
        names = sorted((n for n in archive.files if n.startswith(_INPUT)), key=_number)
        return Samples(tuple(archive[name] for name in names), archive["outputs"], labels)


def write_test_data(folder: Path, samples: Samples) -> None:
    """Write a test set."""
    arrays = {f"{_INPUT}{index}": values for index, values in enumerate(samples.inputs)}
    arrays["outputs"] = samples.outputs
    if samples.labels is not None:
        arrays["labels"] = samples.labels
    np.savez(folder / TEST_FILE, allow_pickle=False, **arrays)


def read_calibration(folder: Path) -> list[np.ndarray]:
    """Return the inputs with which ranges of activations are measured; see `Samples.inputs`."""
    with np.load(folder / CALIBRATION_FILE) as archive:
        return [archive[name] for name in sorted(archive.files, key=_number)]


def write_calibration(folder: Path, inputs: Sequence[np.ndarray]) -> None:
    """Write such inputs."""
    arrays = {f"{_INPUT}{index}": values for index, values in enumerate(inputs)}
    np.savez(folder / CALIBRATION_FILE, allow_pickle=False, **arrays)


def _number(name: str) -> int:
    return int(name.removeprefix(_INPUT))


def read_description(folder: Path) -> dict[str, Any]:
    """Return the description of project, settings and data that `export` wrote."""
    return json.loads((folder / PROJECT_FILE).read_text(encoding="utf-8"))
