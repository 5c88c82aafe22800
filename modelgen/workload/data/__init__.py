"""Data sets: inputs with labels, for training and for testing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.data.deferred import Deferred, change, replace
from modelgen.workload.names import check_printable


@dataclass(frozen=True)
class Pixels:
    """How pixels in 0 .. 1 become inputs: minus the channel's mean, divided by its deviation."""

    means: tuple[float, ...]
    deviations: tuple[float, ...]


LARGEST_INTEGER = 2**24
"""Up to this magnitude, all integers are exact in FP32, in which the device has them."""


@dataclass(frozen=True)
class Data:
    """What a project's data() returns.

    Inputs are numbers of shape (count, features...), labels integers of shape (count,), both as
    NumPy arrays or PyTorch tensors. For a model with several inputs, they are a tuple or a list of
    arrays, one for each argument of forward(), which are kept as a tuple. Training data is optional
    if nothing is trained; labels are optional if they are unknown. Training inputs that take long
    to make can be given as a function that returns them, called only where something is trained.

    Numbers become FP32, but integers up to `LARGEST_INTEGER` and booleans keep their type until the
    model has shown which type it takes (see `modelgen.workload.input_types`).
    """

    name: str
    """Name of the data set in reports, such as "MNIST"."""
    test_inputs: np.ndarray | tuple[np.ndarray, ...]
    test_labels: np.ndarray | None = None
    train_inputs: Deferred = Deferred()  # noqa: RUF009  (a descriptor)
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
        if self.test_inputs is None:
            raise ModelError(f"Data '{self.name}': there are no test inputs.")
        self._convert_labels("test_labels")
        self._convert_labels("train_labels")
        object.__setattr__(self, "test_inputs", self._converted("test_inputs", self.test_inputs))
        self._check("test", self.test_arrays, self.test_labels)
        object.__setattr__(self, "train_inputs", change(self, "train_inputs", self._training))

    @property
    def test_arrays(self) -> tuple[np.ndarray, ...]:
        """The test inputs: an array for each argument of forward()."""
        return _tuple(self.test_inputs)

    @property
    def train_arrays(self) -> tuple[np.ndarray, ...]:
        """The training inputs, likewise; empty if there are none."""
        return () if self.train_inputs is None else _tuple(self.train_inputs)

    def as_types(self, types: Sequence[str]) -> Data:
        """Return the data with inputs in other types: "float32", "int64", "bool" and so on."""

        def converted(inputs: Any) -> Any:
            pairs = zip(_tuple(inputs), types, strict=True)
            return _plain(tuple(array.astype(kind, copy=False) for array, kind in pairs))

        train = change(self, "train_inputs", converted)
        return replace(self, test_inputs=converted(self.test_inputs), train_inputs=train)

    def _training(self, inputs: Any) -> np.ndarray | tuple[np.ndarray, ...]:
        """Return training inputs as NumPy arrays that fit labels and test inputs."""
        converted = self._converted("train_inputs", inputs)
        self._check("train", _tuple(converted), self.train_labels)
        train, test = (_shapes(arrays) for arrays in (_tuple(converted), self.test_arrays))
        if train != test:
            raise ModelError(
                f"Data '{self.name}': training inputs have the shape {train}, but test inputs "
                f"{test}."
            )
        return converted

    def _converted(self, part: str, value: Any) -> np.ndarray | tuple[np.ndarray, ...]:
        """Return inputs as NumPy arrays: a tuple of them if there are several."""
        several = isinstance(value, tuple | list) and all(np.ndim(each) for each in value)
        several = several and all(hasattr(each, "shape") for each in value) and len(value) > 0
        where = f"Data '{self.name}': {part}"
        arrays = tuple(_numbers(each, where) for each in (value if several else (value,)))
        if len({len(array) for array in arrays}) > 1:
            counts = ", ".join(str(len(array)) for array in arrays)
            raise ModelError(
                f"{where} has one array for each argument of forward(), but they have different "
                f"numbers of samples: {counts}. If they are samples of one input, use np.stack()."
            )
        return _plain(arrays)

    def _convert_labels(self, part: str) -> None:
        """Convert labels to a NumPy array of integers."""
        value = getattr(self, part)
        if value is None:
            return
        where = f"Data '{self.name}': {part}"
        given = _array(value, where)
        labels: np.ndarray = _as_type(given, np.int64, where)
        if labels.ndim != 1 or (labels != given).any():
            raise ModelError(
                f"{where} must be one integer per input, the number of its class; got shape "
                f"{labels.shape} and type {given.dtype}."
            )
        object.__setattr__(self, part, labels)

    def _check(self, which: str, arrays: tuple[np.ndarray, ...], labels: np.ndarray | None) -> None:
        count = len(arrays[0])
        if count == 0:
            raise ModelError(f"Data '{self.name}': there are no {which} inputs.")
        if labels is not None and len(labels) != count:
            raise ModelError(
                f"Data '{self.name}': {count} {which} inputs, but {len(labels)} labels."
            )

    def fingerprint(self) -> str:
        """Return a hash of the training data."""
        digest = hashlib.sha256()
        for array in (*self.train_arrays, self.train_labels):
            if array is not None:
                digest.update(str(array.shape).encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def _tuple(inputs: np.ndarray | tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return inputs if isinstance(inputs, tuple) else (inputs,)


def _plain(arrays: tuple[np.ndarray, ...]) -> np.ndarray | tuple[np.ndarray, ...]:
    """Return the array itself if there is only one."""
    return arrays if len(arrays) > 1 else arrays[0]


def _shapes(arrays: tuple[np.ndarray, ...]) -> str:
    return " and ".join(str(array.shape[1:]) for array in arrays)


def _array(value: Any, where: str) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{where} is not an array of numbers: {error}") from error


def _as_type(array: np.ndarray, kind: type, where: str) -> np.ndarray:
    try:
        return np.ascontiguousarray(array, kind)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{where} is not an array of numbers: {error}") from error


def _numbers(value: Any, where: str) -> np.ndarray:
    """Return inputs as a contiguous array: of booleans, exact integers, or FP32."""
    given = _array(value, where)
    if given.dtype.kind == "b" or (given.dtype.kind in "iu" and _are_exact(given)):
        return np.ascontiguousarray(given)
    array = _as_type(given, np.float32, where)
    if not np.isfinite(array).all():
        raise ModelError(f"{where} contains values that are NaN or infinite.")
    return array


def _are_exact(integers: np.ndarray) -> bool:
    low, high = (int(limit(initial=0)) for limit in (integers.min, integers.max))
    return low >= -LARGEST_INTEGER and high <= LARGEST_INTEGER
