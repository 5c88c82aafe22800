"""ONNX Runtime, which says what an ONNX file computes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.packages import import_package


def outputs_of(model: Path | bytes, inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return what ONNX Runtime computes on the CPU.

    Args:
        model: an .onnx file, or its contents.
        inputs: name -> value, in the shapes and types of the model.

    Raises:
        ModelError: ONNX Runtime is not installed, or cannot run the model.
    """
    onnxruntime = _package()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        source = model if isinstance(model, bytes) else str(model)
        session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        return tuple(session.run(None, dict(inputs)))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"ONNX Runtime cannot run the model: {reason}") from error


def runtime_name() -> str:
    """Return the name of the runtime, with its version."""
    return f"ONNX Runtime {_package().__version__}"


def _package() -> Any:
    return import_package("onnxruntime", "Running an ONNX model")
