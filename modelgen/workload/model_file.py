"""Models in files of other tools: graph, inputs, and what their own runtime computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.tflite.importer import Imported, import_model
from modelgen.frontends.tflite.runtime import Reference
from modelgen.ir.graph import ElementType, Graph, Tensor
from modelgen.progress import Progress
from modelgen.samples import by_sample
from modelgen.workload.data import Data
from modelgen.workload.data.deferred import replace

TFLITE = ".tflite"
_SEED = 0
_RANDOM = 10
"""Random inputs, if there are no others and no number is given."""


class FileSource(ABC):
    """Where the file of a model is."""

    @abstractmethod
    def find(self, folder: Path) -> Path:
        """Return the file.

        Args:
            folder: where data sets are kept.

        Raises:
            ModelError: it is not there, and cannot be obtained.
        """


@dataclass(frozen=True)
class LocalFile(FileSource):
    """A file of the user's."""

    path: Path

    def find(self, folder: Path) -> Path:
        """See `FileSource.find`."""
        return self.path


@dataclass(frozen=True)
class ModelFile:
    """A .tflite model; LiteRT with its reference kernels says what it computes."""

    path: Path

    @cached_property
    def imported(self) -> Imported:
        """The graph, and where its tensors are in the file.

        Raises:
            ModelError: the file is damaged, or has something that is not supported.
        """
        return import_model(self.path)

    @property
    def graph(self) -> Graph:
        """The graph of the file."""
        return self.imported.graph

    def check_batch(self, batch: int | None) -> None:
        """Raise ModelError unless the file has this batch; None: any."""
        own = self.graph.batch
        if batch not in (None, own):
            raise ModelError(
                f"{self.path.name} takes {own} inputs per inference, not {batch}. Convert the "
                "model with another batch, or leave the option out."
            )

    def typed(self, data: Data) -> Data:
        """Return data with inputs in the types that the model takes.

        Raises:
            ModelError: there are other numbers, shapes or values than the model takes.
        """
        tensors = [self.graph.tensors[name] for name in self.graph.inputs]
        if len(tensors) != len(data.test_arrays):
            raise ModelError(
                f"Data '{data.name}': {len(data.test_arrays)} input arrays, but {self.path.name} "
                f"takes {len(tensors)}: {', '.join(self.graph.inputs)}."
            )
        pairs = zip(data.test_arrays, tensors, strict=True)
        arrays = tuple(self._typed(data.name, *pair) for pair in pairs)
        return replace(data, test_inputs=arrays if len(arrays) > 1 else arrays[0])

    def _typed(self, data: str, values: np.ndarray, tensor: Tensor) -> np.ndarray:
        wanted = tensor.shape[1:]
        if values.shape[1:] != wanted:
            found, expected = (" x ".join(map(str, s)) for s in (values.shape[1:], wanted))
            raise ModelError(
                f"Data '{data}': inputs have the shape {found}; '{tensor.name}' of "
                f"{self.path.name} is {expected}."
            )
        dtype = tensor.element.dtype
        converted = values.astype(dtype)
        if tensor.element is ElementType.INT8 and not (converted == values).all():
            meaning = tensor.quantization
            scale = "" if meaning is None else f"round(x / {meaning.scale}) + {meaning.zero_point}"
            raise ModelError(
                f"Data '{data}': '{tensor.name}' of {self.path.name} takes integers from -128 to "
                f"127, but the inputs have other values. Quantize them: {scale}."
            )
        return converted

    def random_data(self, count: int = _RANDOM) -> Data:
        """Return seeded random inputs of the model's types: all integers, or normal numbers."""
        random = np.random.default_rng(_SEED)
        arrays = []
        for name in self.graph.inputs:
            tensor = self.graph.tensors[name]
            shape = (max(count, tensor.shape[0]), *tensor.shape[1:])
            if tensor.element is ElementType.INT8:
                arrays.append(random.integers(-128, 128, shape).astype(np.int8))
            else:
                arrays.append(random.standard_normal(shape).astype(np.float32))
        return Data("random inputs", tuple(arrays) if len(arrays) > 1 else arrays[0])

    def run(self, arrays: Sequence[np.ndarray], progress: Progress) -> tuple[np.ndarray, str]:
        """Return what the file's own runtime computes, and the runtime's name.

        Args:
            arrays: for each input, shape (samples, ...), in its type.
            progress: reports progress.

        Returns:
            The outputs, one after another, shape (samples, outputs).

        Raises:
            ModelError: the runtime is not installed, or cannot run the model.
        """
        graph, reference = self.graph, Reference(self.path)
        samples = len(arrays[0])
        starts = range(0, samples, graph.batch)
        rows = []
        for start in progress.track(starts, f"running {reference.name}", len(starts)):
            chosen = np.arange(start, start + graph.batch) % samples
            outputs = reference.run([array[chosen] for array in arrays])
            rows.append(np.concatenate([output.reshape(-1) for output in outputs]))
        sizes = [graph.tensors[name].size // graph.batch for name in graph.outputs]
        return by_sample(np.stack(rows), sizes, graph.batch)[:samples], reference.name

    def output_shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of each output for a sample."""
        return [self.graph.tensors[name].shape[1:] for name in self.graph.outputs]


def read_data(path: Path, names: Sequence[str]) -> Data:
    """Return the inputs in a NumPy file.

    Args:
        path: .npy, an array of inputs; or .npz with an array for each input, by their names if
            there are several, and perhaps `labels`.
        names: of the model's inputs.

    Raises:
        ModelError: the file cannot be read, or has other arrays.
    """
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            arrays = {"": found} if isinstance(found, np.ndarray) else dict(found)
    except Exception as error:  # A malformed file can fail in any part of NumPy's parsers.
        raise ModelError(f"{path} is not a file of NumPy arrays: {error}") from error
    labels = arrays.pop("labels", None)
    if len(names) == len(arrays) == 1:
        inputs = next(iter(arrays.values()))
    elif sorted(arrays) == sorted(names):
        inputs = tuple(arrays[name] for name in names)
    else:
        raise ModelError(
            f"{path} has the arrays {', '.join(arrays) or 'none'}; expected one for each input, "
            f"{', '.join(names)}, and perhaps 'labels'."
        )
    return Data(path.name, inputs, labels)
