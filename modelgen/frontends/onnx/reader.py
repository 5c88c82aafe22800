"""Reading of ONNX files, with the values that are in files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelgen.errors import ModelError
from modelgen.frontends.onnx.package import import_onnx

_EXPORT = "Export the model again, or copy the whole file."


def read_model(path: Path) -> Any:
    """Return the onnx.ModelProto in a file, with its functions put where they are called.

    Args:
        path: an .onnx file.

    Raises:
        ModelError: the file is missing, truncated or not an ONNX model, or values that it refers
            to are missing.
    """
    onnx = import_onnx()
    if not path.is_file():
        raise ModelError(f"There is no {path}.")
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:
        raise ModelError(
            f"{path} is not an ONNX model, or is truncated: {_first_line(error)}. {_EXPORT}"
        ) from error
    if not model.graph.node or not model.opset_import or not _is_text_readable(model):
        raise ModelError(f"{path} is not an ONNX model, or is truncated. {_EXPORT}")
    _load_values(model, path)
    model = _without_functions(model, path)
    for each in (*model.opset_import, *model.graph.node):
        # The long name of ONNX's own operators.
        each.domain = "" if each.domain == "ai.onnx" else each.domain
    return model


def _is_text_readable(message: Any) -> bool:
    """Return whether all names and texts in a message of protobuf are UTF-8."""
    try:
        for kind, value in message.ListFields():
            values = (
                value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            )
            if kind.type == kind.TYPE_MESSAGE and not all(map(_is_text_readable, values)):
                return False
            if kind.type == kind.TYPE_STRING and not all(isinstance(each, str) for each in values):
                return False
    except UnicodeDecodeError:
        return False
    return True


def _load_values(model: Any, path: Path) -> None:
    """Load the tensors that a model keeps in other files."""
    helper = import_onnx().external_data_helper
    tensors = [each for each in helper._get_all_tensors(model) if helper.uses_external_data(each)]
    places = {helper.ExternalDataInfo(each).location for each in tensors}
    missing = sorted(place for place in places if not (path.parent / place).is_file())
    if missing:
        count = sum(helper.ExternalDataInfo(each).location in missing for each in tensors)
        raise ModelError(
            f"{path} keeps the values of {count} tensors in {', '.join(missing)}, which is not in "
            f"{path.parent}. Copy all files of the model into one folder."
        )
    try:
        helper.load_external_data_for_model(model, str(path.parent))
    except Exception as error:
        raise ModelError(
            f"The values that {path} keeps in {', '.join(sorted(places))} cannot be read: "
            f"{_first_line(error)}. {_EXPORT}"
        ) from error


def _without_functions(model: Any, path: Path) -> Any:
    """Return a model in which the functions that it defines stand where they are called."""
    if not model.functions:
        return model
    try:
        return import_onnx().inliner.inline_local_functions(model)
    except Exception as error:
        raise ModelError(
            f"{path} has functions that cannot be inlined: {_first_line(error)}. {_EXPORT}"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
