"""Reading of ONNX files, with the values that are in files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelgen.errors import ModelError
from modelgen.frontends.onnx.package import import_onnx

_NAMES = ("domain", "input", "name", "op_type", "output")
"""Fields that messages repeat."""
_MOST_NODES = 100_000
"""Nodes that a model has at most after its functions are put where they are called."""
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
        raise ModelError(f"{path} is not a file." if path.exists() else f"There is no {path}.")
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
    """Return whether all texts in a message of protobuf are UTF-8, and all names on one line."""
    try:
        for kind, value in message.ListFields():
            values = (
                value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
            )
            if kind.type == kind.TYPE_MESSAGE and not all(map(_is_text_readable, values)):
                return False
            if kind.type == kind.TYPE_STRING and not all(_is_text(kind.name, v) for v in values):
                return False
    except UnicodeDecodeError:
        return False
    return True


def _is_text(field: str, value: Any) -> bool:
    return isinstance(value, str) and (field not in _NAMES or value.isprintable())


def _load_values(model: Any, path: Path) -> None:
    """Load the tensors that a model keeps in other files."""
    helper = import_onnx().external_data_helper
    tensors = [each for each in helper._get_all_tensors(model) if helper.uses_external_data(each)]
    places = {helper.ExternalDataInfo(each).location for each in tensors}
    missing = sorted(place for place in places if not (path.parent / place).is_file())
    if missing:
        count = sum(helper.ExternalDataInfo(each).location in missing for each in tensors)
        raise ModelError(
            f"{path} keeps the values of {count} tensors in {_quoted(missing)}, which is not in "
            f"{path.parent}. Copy all files of the model into one folder."
        )
    try:
        helper.load_external_data_for_model(model, str(path.parent))
    except Exception as error:
        raise ModelError(
            f"The values that {path} keeps in {_quoted(sorted(places))} cannot be read: "
            f"{_first_line(error)}. {_EXPORT}"
        ) from error


def _without_functions(model: Any, path: Path) -> Any:
    """Return a model in which the functions that it defines stand where they are called."""
    if not model.functions:
        return model
    count = _nodes_without_functions(model)
    if count > _MOST_NODES:
        raise ModelError(
            f"{path} has functions that are {count} nodes where they are called, or that call "
            f"themselves; at most {_MOST_NODES} are supported."
        )
    try:
        return import_onnx().inliner.inline_local_functions(model)
    except Exception as error:
        raise ModelError(
            f"{path} has functions that cannot be inlined: {_first_line(error)}. {_EXPORT}"
        ) from error


def _nodes_without_functions(model: Any) -> int:
    """Return how many nodes a model has once its functions stand where they are called.

    One that calls itself counts as more than any.
    """
    bodies = {(each.domain, each.name, each.overload): each.node for each in model.functions}
    counts: dict[tuple[str, str, str], int] = {}

    def of_call(node: Any) -> int:
        key = (node.domain, node.op_type, node.overload)
        if key in bodies and key not in counts:
            counts[key] = _MOST_NODES + 1
            counts[key] = sum(map(of_call, bodies[key]))
        return counts.get(key, 1)

    try:
        return sum(map(of_call, model.graph.node))
    except RecursionError:
        return _MOST_NODES + 1


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
