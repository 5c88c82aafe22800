"""The package `onnx`, which only users of ONNX models need."""

from __future__ import annotations

from typing import Any

from modelgen.errors import ModelError


def import_onnx() -> Any:
    """Return the package `onnx`.

    Raises:
        ModelError: it is not installed.
    """
    try:
        import onnx.external_data_helper
        import onnx.inliner
        import onnx.reference
    except ImportError as error:
        raise ModelError(
            "Reading an ONNX model needs the Python package 'onnx', which is not installed. "
            "Install it with: pip install onnx."
        ) from error
    return onnx
