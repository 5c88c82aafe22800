"""The files that the stage `export` writes beside the graph, for the stages that read them."""

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
    """A test set as the graph takes and gives it: the channels of feature maps last."""

    inputs: np.ndarray
    """FP32, shape (inputs, features...)."""
    outputs: np.ndarray
    """What the user's module gives for them, FP32, shape (inputs, outputs)."""
    labels: np.ndarray | None
    """None: unknown."""


def read_test_data(folder: Path) -> Samples:
    """Return the test set that `export` wrote."""
    with np.load(folder / TEST_FILE) as archive:
        labels = archive["labels"] if "labels" in archive.files else None
        return Samples(archive["inputs"], archive["outputs"], labels)


def read_description(folder: Path) -> dict[str, Any]:
    """Return the project's name, settings and data that `export` wrote."""
    return json.loads((folder / PROJECT_FILE).read_text(encoding="utf-8"))
