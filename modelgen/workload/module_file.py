"""FP32 models in files of other tools: a module of theirs, their inputs, and what they compute."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelgen.errors import ModelError
from modelgen.ir.packing import as_int8
from modelgen.progress import Progress
from modelgen.workload.data import Data

if TYPE_CHECKING:
    import torch

    from modelgen.frontends.nodes.builder import Network

_SEED = 0
_RANDOM = 10
"""Random inputs, if there are no others."""
_EVERY = {"int8": (-128, 128), "uint8": (0, 256)}
"""Type of integers -> the first, and what follows the last."""


@dataclass(frozen=True)
class ModuleFile(ABC):
    """A model of which a module is made. The runtime of the file says what it computes."""

    path: Path

    @abstractmethod
    def batch(self, wanted: int | None = None) -> int:
        """Return the inputs of an inference: as wanted, else the file's, else 1."""

    @abstractmethod
    def inputs(self) -> list[str]:
        """Return the names of the inputs."""

    @abstractmethod
    def network(self, batch: int) -> Network:
        """Return the module of the file, and what it takes.

        Raises:
            UnsupportedError: the file has something that is not supported.
        """

    @abstractmethod
    def runtime(self) -> str:
        """Return the name of the file's runtime, with its version."""

    @abstractmethod
    def outputs_of(self, inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """Return what the runtime computes in an inference.

        Raises:
            ModelError: it is not installed, or cannot run the model.
        """

    def module(self, batch: int) -> torch.nn.Module:
        """Return the module of the file; see `network`."""
        return self.network(batch).module

    def random_data(self) -> Data:
        """Return seeded random inputs: normal numbers, or all integers of 8 bits.

        Raises:
            ModelError: an input is neither FP32 nor an integer of 8 bits.
        """
        batch = self.batch()
        random = np.random.default_rng(_SEED)
        arrays = []
        for argument, name in zip(self.network(batch).arguments, self.inputs(), strict=True):
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
        """Return what the runtime computes, shape (samples, outputs), and its name.

        Integers of UINT8 are 128 less.

        Args:
            arrays: for each input, shape (samples, ...), in its type.
            batch: inputs of an inference.
            progress: reports progress.
        """
        samples, name = len(arrays[0]), self.runtime()
        rows = []
        starts = range(0, samples, batch)
        for start in progress.track(starts, f"running {name}", len(starts)):
            outputs = self.outputs_of(self._inference(arrays, start, batch))
            parts = [as_int8(each).reshape(batch, -1) for each in outputs]
            rows.append(np.concatenate(parts, axis=1))
        return np.concatenate(rows)[:samples].astype(np.float32), name

    def _inference(self, arrays: Sequence[np.ndarray], start: int, batch: int) -> list[np.ndarray]:
        """Return the inputs of an inference; behind the last sample is the first."""
        chosen = np.arange(start, start + batch) % len(arrays[0])
        return [array[chosen] for array in arrays]
