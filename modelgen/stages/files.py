"""The files that the stage `export` writes in addition to the graph, and later stages read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TEST_FILE = "test.npz"
PROJECT_FILE = "project.json"


@dataclass(frozen=True)
class Samples:
    """A test set in the graph's order: the channels of feature maps last."""

    inputs: np.ndarray
    """FP32, shape (inputs, features...)."""
    outputs: np.ndarray
    """Outputs of the user's module, FP32, shape (inputs, outputs)."""
    labels: np.ndarray | None
    """None: unknown."""


def read_test_data(folder: Path) -> Samples:
    """Return the test set that `export` wrote."""
    with np.load(folder / TEST_FILE) as archive:
        labels = archive["labels"] if "labels" in archive.files else None
        return Samples(archive["inputs"], archive["outputs"], labels)


def read_description(folder: Path) -> dict[str, Any]:
    """Return the description of project, settings and data that `export` wrote."""
    return json.loads((folder / PROJECT_FILE).read_text(encoding="utf-8"))
