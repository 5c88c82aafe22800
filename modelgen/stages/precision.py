"""What the precision of a model is: chosen by settings and options, or by the model itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelgen.errors import ModelError
from modelgen.ir.graph import Contract, Graph
from modelgen.passes.integers.fuse import has_integers
from modelgen.workload.names import ONNX
from modelgen.workload.settings import check_interface

_OPTIONS = ("activations", "interface", "weights", "quantization", "scale", "device")
"""Options that override the project's settings of the same names."""


def chosen_settings(settings: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a project's settings, by name, with those that options override.

    Raises:
        ModelError: they contradict each other.
    """
    chosen = {**settings, **{name: options[name] for name in _OPTIONS if options.get(name)}}
    check_interface(chosen["interface"], chosen["activations"])
    return chosen


def check_float(graph: Graph, settings: Mapping[str, Any], name: str) -> None:
    """Raise ModelError if a graph is to be quantized, but has integers already.

    Args:
        graph: as imported.
        settings: as `chosen_settings` returns them.
        name: of the model.
    """
    if settings["activations"] == "int8" and (
        graph.contract is not Contract.FP32 or has_integers(graph)
    ):
        raise ModelError(
            f"'activations' of {name} is 'int8', but the model is quantized already. Remove the "
            "setting or option, or use the model in FP32."
        )


def contract_of(file: Path | str | None, activations: str = "fp32") -> Contract:
    """Return whose arithmetic integers have in a model that became a float graph.

    Args:
        file: name of the file that it came from; None: a module of the user's.
        activations: the setting; with "int8", integers are not those of the file.
    """
    is_onnx = file is not None and Path(file).suffix == ONNX
    return Contract.ONNXRUNTIME if is_onnx and activations == "fp32" else Contract.EXACT
