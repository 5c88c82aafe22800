"""Data sets: inputs with labels, for training and for tests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from modelgen.errors import ModelError


@dataclass(frozen=True)
class Data:
    """What a project's data() returns.

    Inputs are FP32 of shape (count, features...), labels integers of shape (count,). Training data
    may be left out where nothing is trained; labels where nobody knows them.
    """

    name: str
    """What it is, for reports, such as "MNIST"."""
    test_inputs: np.ndarray
    test_labels: np.ndarray | None = None
    train_inputs: np.ndarray | None = None
    train_labels: np.ndarray | None = None
    note: str = ""
    """Something that the user has to know, such as a replacement."""

    def __post_init__(self) -> None:
        self._check("test", self.test_inputs, self.test_labels)
        if self.train_inputs is not None:
            self._check("train", self.train_inputs, self.train_labels)
            if self.train_inputs.shape[1:] != self.test_inputs.shape[1:]:
                raise ModelError(
                    f"Data '{self.name}': inputs for training have the shape "
                    f"{self.train_inputs.shape[1:]}, for tests {self.test_inputs.shape[1:]}."
                )

    def _check(self, which: str, inputs: np.ndarray, labels: np.ndarray | None) -> None:
        if len(inputs) == 0:
            raise ModelError(f"Data '{self.name}': there are no {which} inputs.")
        if labels is not None and len(labels) != len(inputs):
            raise ModelError(
                f"Data '{self.name}': {len(inputs)} {which} inputs, but {len(labels)} labels."
            )

    def fingerprint(self) -> str:
        """Return a hash of the training data."""
        digest = hashlib.sha256()
        for array in (self.train_inputs, self.train_labels):
            if array is not None:
                digest.update(str(array.shape).encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
