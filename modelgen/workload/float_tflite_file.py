"""TFLite models of FP32: a module of theirs, their inputs, and what LiteRT computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from modelgen.workload.module_file import ModuleFile

if TYPE_CHECKING:
    from modelgen.frontends.nodes.builder import Network
    from modelgen.frontends.tflite.records import ModelRecord
    from modelgen.frontends.tflite.runtime import Reference


@dataclass(frozen=True)
class FloatTfliteFile(ModuleFile):
    """A TFLite model without quantized activations; LiteRT computes with its reference kernels."""

    @cached_property
    def _model(self) -> ModelRecord:
        from modelgen.frontends.tflite.reader import read_model

        return read_model(self.path)

    @cached_property
    def _reference(self) -> Reference:
        from modelgen.frontends.tflite.runtime import Reference

        return Reference(self.path)

    @property
    def is_float(self) -> bool:
        """Whether the model is one of these, and not one of integers."""
        from modelgen.frontends.tflite.float_model import is_float

        return is_float(self._model)

    def batch(self, wanted: int | None = None) -> int:
        """See `ModuleFile.batch`."""
        from modelgen.frontends.tflite.float_model import batch_of

        return batch_of(self._model, wanted)

    def inputs(self) -> list[str]:
        """See `ModuleFile.inputs`."""
        from modelgen.frontends.tflite.names import tensor_names

        names = tensor_names(self._model)
        return [names[index] for index in self._model.inputs]

    def network(self, batch: int) -> Network:
        """See `ModuleFile.network`."""
        from modelgen.frontends.tflite.float_model import build

        return build(self._model, batch)

    def runtime(self) -> str:
        """See `ModuleFile.runtime`."""
        return self._reference.name

    def outputs_of(self, inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """See `ModuleFile.outputs_of`."""
        return self._reference.run(inputs)
