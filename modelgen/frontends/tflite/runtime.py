"""LiteRT, which says what a .tflite model computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.packages import import_package

_PACKAGE = "ai_edge_litert"


class Reference:
    """A model in LiteRT with its reference kernels."""

    def __init__(self, path: Path, kernels: str = "BUILTIN_REF") -> None:
        """Load a model.

        Args:
            path: the file.
            kernels: of LiteRT's `OpResolverType`.

        Raises:
            ModelError: LiteRT is not installed, or does not load the model.
        """
        package = import_package(_PACKAGE, "Running a .tflite model", ["interpreter"])
        interpreter = package.interpreter
        try:
            self._interpreter: Any = interpreter.Interpreter(
                str(path),
                experimental_op_resolver_type=interpreter.OpResolverType[kernels],
                experimental_preserve_all_tensors=True,
            )
            self._interpreter.allocate_tensors()
        except Exception as error:
            raise _failure(error) from error
        inputs = self._interpreter.get_input_details()
        self._inputs = [detail["index"] for detail in inputs]
        self._shapes = [tuple(detail["shape"]) for detail in inputs]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]
        self.name = f"LiteRT {package.__version__} (reference kernels)"
        """Of the runtime, with its version."""

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run an inference; return its outputs.

        Args:
            inputs: in the model's shapes and types; the file may leave their batch open.
        """
        try:
            self._resize([values.shape for values in inputs])
            for index, values in zip(self._inputs, inputs, strict=True):
                self._interpreter.set_tensor(index, values)
            self._interpreter.invoke()
        except Exception as error:
            raise _failure(error) from error
        return [self.tensor(index).copy() for index in self._outputs]

    def _resize(self, shapes: list[tuple[int, ...]]) -> None:
        """Take inputs of other shapes, as far as the file leaves sizes open."""
        if shapes == self._shapes:
            return
        for index, shape in zip(self._inputs, shapes, strict=True):
            self._interpreter.resize_tensor_input(index, shape, strict=True)
        self._interpreter.allocate_tensors()
        self._shapes = shapes

    def tensor(self, index: int) -> np.ndarray:
        """Return a tensor of the last inference."""
        return self._interpreter.get_tensor(index)


def _failure(error: Exception) -> ModelError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ModelError(f"LiteRT cannot run the model: {reason}")
