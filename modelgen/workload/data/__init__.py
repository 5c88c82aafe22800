"""Data sets: inputs with labels, for training and for testing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.names import check_printable


@dataclass(frozen=True)
class Pixels:
    """How pixels in 0 .. 1 become inputs: minus the channel's mean, divided by its deviation."""

    means: tuple[float, ...]
    deviations: tuple[float, ...]


@dataclass(frozen=True)
class Data:
    """What a project's data() returns.

    Inputs are FP32 of shape (count, features...), labels integers of shape (count,), both as NumPy
    arrays or PyTorch tensors. Training data is optional if nothing is trained; labels are optional
    if they are unknown.
    """

    name: str
    """Name of the data set in reports, such as "MNIST"."""
    test_inputs: np.ndarray
    test_labels: np.ndarray | None = None
    train_inputs: np.ndarray | None = None
    train_labels: np.ndarray | None = None
    note: str = ""
    """A message for the user, such as that other data replaces the data set."""
    pixels: Pixels | None = None
    """If inputs are images: how to convert a picture to an input. None: unknown."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise ModelError(
                f"Data's name, the first argument, is a {type(self.name).__name__}; expected a "
                "string. After it come test_inputs, test_labels, train_inputs and train_labels."
            )
        check_printable("The data set", self.name)
        for part in ("test_inputs", "train_inputs"):
            self._convert(part, np.float32)
        for part in ("test_labels", "train_labels"):
            self._convert(part, np.int64)
        if self.test_inputs is None:
            raise ModelError(f"Data '{self.name}': there are no test inputs.")
        self._check("test", self.test_inputs, self.test_labels)
        if self.train_inputs is not None:
            self._check("train", self.train_inputs, self.train_labels)
            if self.train_inputs.shape[1:] != self.test_inputs.shape[1:]:
                raise ModelError(
                    f"Data '{self.name}': training inputs have the shape "
                    f"{self.train_inputs.shape[1:]}, but test inputs {self.test_inputs.shape[1:]}."
                )

    def _convert(self, part: str, kind: type) -> None:
        """Convert a part to a NumPy array of the required type."""
        value = getattr(self, part)
        if value is None:
            return
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        where = f"Data '{self.name}': {part}"
        try:
            given = np.asarray(value)
            array: np.ndarray = np.ascontiguousarray(given, kind)
        except (TypeError, ValueError) as error:
            raise ModelError(f"{where} is not an array of numbers: {error}") from error
        if kind is np.int64 and (array.ndim != 1 or (array != given).any()):
            raise ModelError(
                f"{where} must be one integer per input, the number of its class; got shape "
                f"{array.shape} and type {given.dtype}."
            )
        if kind is np.float32 and not np.isfinite(array).all():
            raise ModelError(f"{where} contains values that are NaN or infinite.")
        object.__setattr__(self, part, array)

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
