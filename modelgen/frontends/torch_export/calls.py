"""What an exported program records about its calls: shape, layer, and source line."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def shape_of(node: Any) -> tuple[int, ...]:
    """Return the shape of a node's tensor in PyTorch."""
    return tuple(int(size) for size in node.meta["val"].shape)


def arguments(call: Any) -> dict[str, Any]:
    """Return a call's arguments by the names in its operator's schema, with their defaults."""
    given = list(call.args)
    found = {}
    for position, argument in enumerate(call.target._schema.arguments):
        if position < len(given):
            found[argument.name] = given[position]
        else:
            found[argument.name] = call.kwargs.get(argument.name, argument.default_value)
    return found


def function_name(call: Any) -> str:
    """Return the function of PyTorch that the model calls, such as "cumsum"."""
    recorded = call.meta.get("torch_fn")
    return str(recorded[1] if recorded else call.target).rsplit(".", 1)[-1]


def layer_name(call: Any) -> str:
    """Return the layer's name in the model, or the function's name if it is not a module."""
    path, kind = _innermost_module(call)
    if kind.startswith("torch.nn.modules") and path:
        return path
    return f"{path}.{call.name}" if path else call.name


def error_message(calls: Sequence[Any], call: Any, reason: str) -> str:
    """Return a message that says which layer fails, why, and where it is in the model."""
    position = calls.index(call)
    after = f", after '{layer_name(calls[position - 1])}'" if position else ""
    line = source_line(call.meta.get("stack_trace") or "")
    return (
        f"Layer '{layer_name(call)}'{_layer_kind(call)} {reason}. It is operator "
        f"{position + 1} of {len(calls)}{after}{f', at {line}' if line else ''}."
    )


def _innermost_module(call: Any) -> tuple[str, str]:
    """Return the path and class of the module that a call belongs to."""
    stack = list((call.meta.get("nn_module_stack") or {}).values())
    path, kind = stack[-1] if stack else ("", "")
    return path, str(kind)


def _layer_kind(call: Any) -> str:
    path, kind = _innermost_module(call)
    return f" ({kind.rsplit('.', 1)[-1]})" if path else ""


def source_line(trace: str) -> str:
    """Return the model's own line in a stack trace, "project.py:12: x = torch.tanh(x)", or ""."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in \S+\n\s*(.*)', trace)
    torch = importlib.util.find_spec("torch")
    libraries = (torch.submodule_search_locations or []) if torch else []
    foreign = *libraries, str(Path(__file__).parents[2])
    own = [frame for frame in frames if not frame[0].startswith(foreign)]
    if not own:
        return ""
    path, number, text = own[-1]
    return f"{Path(path).name}:{number}: {text.strip()}"
