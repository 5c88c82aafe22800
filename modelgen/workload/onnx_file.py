"""ONNX models: a module of theirs, their inputs, and what ONNX Runtime computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.workload.module_file import ModuleFile

if TYPE_CHECKING:
    from modelgen.frontends.nodes.builder import Network


@dataclass(frozen=True)
class OnnxFile(ModuleFile):
    """An ONNX model. What only such models need is loaded for them alone."""

    @cached_property
    def _model(self) -> Any:
        from modelgen.frontends.onnx.reader import read_model

        if not self.path.is_file():
            raise ModelError(f"There is no {self.path}. Check the path of the project's model.")
        return read_model(self.path)

    def batch(self, wanted: int | None = None) -> int:
        """See `ModuleFile.batch`."""
        from modelgen.frontends.onnx.checks import batch_of

        return batch_of(self._model, wanted)

    def inputs(self) -> list[str]:
        """See `ModuleFile.inputs`."""
        from modelgen.frontends.onnx.checks import inputs_of

        return [value.name for value in inputs_of(self._model)]

    def network(self, batch: int) -> Network:
        """See `ModuleFile.network`."""
        from modelgen.frontends.onnx.builder import build

        return build(self._model, batch)

    def runtime(self) -> str:
        """See `ModuleFile.runtime`."""
        from modelgen.frontends.onnx.runtime import runtime_name

        return runtime_name()

    def outputs_of(self, inputs: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """See `ModuleFile.outputs_of`."""
        from modelgen.frontends.onnx.runtime import outputs_of

        return outputs_of(self.path, self._by_name(inputs))

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

        return tensors_of(self.path, self._by_name(self._inference(arrays, start, batch)))

    def _by_name(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self.inputs(), inputs, strict=True))
