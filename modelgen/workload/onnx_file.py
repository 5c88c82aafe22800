"""ONNX models: a module of theirs, their inputs, and what ONNX Runtime computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.packing import as_int8
from modelgen.progress import Progress
from modelgen.workload.data import Data

if TYPE_CHECKING:
    import torch

_SEED = 0
_RANDOM = 10
"""Random inputs, if there are no others."""
_EVERY = {"int8": (-128, 128), "uint8": (0, 256)}
"""Type of integers -> the first, and what follows the last."""


@dataclass(frozen=True)
class OnnxFile:
    """An ONNX model, of which a module is made. ONNX Runtime says what it computes."""

    path: Path

    @cached_property
    def _model(self) -> Any:
        from modelgen.frontends.onnx.reader import read_model

        if not self.path.is_file():
            raise ModelError(f"There is no {self.path}. Check the path of the project's model.")
        return read_model(self.path)

    def batch(self, wanted: int | None = None) -> int:
        """Return the inputs of an inference: as wanted, else the file's, else 1."""
        from modelgen.frontends.onnx.checks import batch_of

        return batch_of(self._model, wanted)

    def inputs(self) -> list[str]:
        """Return the names of the inputs."""
        from modelgen.frontends.onnx.checks import inputs_of

        return [value.name for value in inputs_of(self._model)]

    def module(self, batch: int) -> torch.nn.Module:
        """Return the module of the file.

        Raises:
            UnsupportedError: it has something that is not supported.
        """
        from modelgen.frontends.onnx.builder import build

        return build(self._model, batch).module

    def random_data(self) -> Data:
        """Return seeded random inputs: normal numbers, or all integers of 8 bits.

        Raises:
            ModelError: an input is no number.
        """
        from modelgen.frontends.onnx.builder import build

        batch = self.batch()
        random = np.random.default_rng(_SEED)
        arrays = []
        for argument, name in zip(build(self._model, batch).arguments, self.inputs(), strict=True):
            shape = (max(_RANDOM, batch), *argument.features)
            if argument.type in _EVERY:
                values = random.integers(*_EVERY[argument.type], shape)
                arrays.append(values.astype(argument.type))
                continue
            if argument.type != "float32":
                raise ModelError(
                    f"The input '{name}' of {self.path.name} has elements of the type "
                    f"{argument.type}, for which no random ones can be chosen. Give inputs with "
                    "--data, or in the project's data()."
                )
            arrays.append(random.standard_normal(shape).astype(np.float32))
        return Data("random inputs", tuple(arrays) if len(arrays) > 1 else arrays[0])

    def run(
        self, arrays: Sequence[np.ndarray], batch: int, progress: Progress
    ) -> tuple[np.ndarray, str]:
        """Return what ONNX Runtime computes, shape (samples, outputs), and its name.

        Integers of UINT8 are 128 less.

        Args:
            arrays: for each input, shape (samples, ...), in its type.
            batch: inputs of an inference.
            progress: reports progress.
        """
        from modelgen.frontends.onnx.runtime import outputs_of, runtime_name

        samples = len(arrays[0])
        rows = []
        starts = range(0, samples, batch)
        for start in progress.track(starts, "running ONNX Runtime", len(starts)):
            outputs = outputs_of(self.path, self._inference(arrays, start, batch))
            parts = [as_int8(each).reshape(batch, -1) for each in outputs]
            rows.append(np.concatenate(parts, axis=1))
        return np.concatenate(rows)[:samples].astype(np.float32), runtime_name()

    def tensors(
        self, arrays: Sequence[np.ndarray], start: int, batch: int
    ) -> dict[str, np.ndarray]:
        """Return tensors inside of an inference, as ONNX Runtime computes them, by layer.

        Args:
            arrays: for each input, shape (samples, ...), in its type.
            start: the first sample.
            batch: inputs of an inference.
        """
        from modelgen.frontends.onnx.tensors import tensors_of

        return tensors_of(self.path, self._inference(arrays, start, batch))

    def _inference(
        self, arrays: Sequence[np.ndarray], start: int, batch: int
    ) -> dict[str, np.ndarray]:
        """Return the inputs of an inference by name; behind the last sample is the first."""
        chosen = np.arange(start, start + batch) % len(arrays[0])
        return dict(zip(self.inputs(), (array[chosen] for array in arrays), strict=True))
