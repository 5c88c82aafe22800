"""The package `onnx`."""

from __future__ import annotations

from typing import Any

from modelgen.frontends.packages import import_package

_MODULES = ("external_data_helper", "inliner", "reference", "shape_inference")


def import_onnx() -> Any:
    """Return the package `onnx`.

    Raises:
        ModelError: it is not installed.
    """
    return import_package("onnx", "Reading an ONNX model", _MODULES)
