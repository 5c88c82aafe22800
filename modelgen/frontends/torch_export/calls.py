"""What an exported program records about its calls: shape, layer, and source line."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any


def shape_of(node: Any) -> tuple[int, ...]:
    """Return the shape of a node's tensor in PyTorch."""
    return tuple(int(size) for size in node.meta["val"].shape)


def has_fixed_shape(value: Any) -> bool:
    """Return whether a traced value is a tensor whose sizes do not depend on other values."""
    shape = getattr(value, "shape", None)
    return shape is not None and all(isinstance(size, int) for size in shape)


def inputs_of(program: Any) -> list[Any]:
    """Return the nodes of an exported program's inputs, in order.

    Numbers, strings and None among the arguments of forward() are part of the program.
    """
    from torch.export.graph_signature import InputKind, TensorArgument

    names = [
        spec.arg.name
        for spec in program.graph_signature.input_specs
        if spec.kind == InputKind.USER_INPUT and isinstance(spec.arg, TensorArgument)
    ]
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    return [nodes[name] for name in names]


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


ASSIGNMENT = "assignment to a part of a tensor"
_METHODS = {
    "__getitem__": "indexing",
    "__setitem__": ASSIGNMENT,
    "wrap_with_autocast": "autocast",
    **{
        f"__{prefix}{name}__": f"operator {sign}"
        for prefix in ("", "r", "i")
        for name, sign in {
            "floordiv": "//",
            "lshift": "<<",
            "mod": "%",
            "pow": "**",
            "rshift": ">>",
            "xor": "^",
        }.items()
    },
}
"""What is written in a program without the name of a function."""
_MODULES = ("fft", "linalg", "special")
"""Modules of PyTorch whose functions have longer names inside."""
_LAYERS = ("torch.nn.modules.", "modelgen.frontends.nodes.module.")
"""Where the classes of layers are, as opposed to those that users write."""


def in_type_of(call: Any, number: float) -> float:
    """Return a number as PyTorch converts it to the type of a call's result.

    Integers lose their fraction, and booleans are 0 or 1.
    """
    import torch

    kind = call.meta["val"].dtype
    if kind.is_floating_point:
        return number
    return float(number != 0 if kind == torch.bool else int(number))


def function_name(call: Any) -> str:
    """Return the function of PyTorch that the model calls, as it is written there: "cumsum"."""
    recorded = call.meta.get("torch_fn")
    name = str(recorded[1] if recorded else call.target).rsplit(".", 1)[-1]
    if name == "__get__":
        # An attribute, such as `x.real`.
        name = call.target._schema.name.rsplit("::", 1)[-1]
    for module in _MODULES:
        if name.startswith(f"{module}_"):
            return f"{module}.{name.removeprefix(module)[1:]}"
    return _METHODS.get(name) or (name if name.startswith("__") else name.lstrip("_"))


def layer_name(call: Any) -> str:
    """Return the layer's name in the model, or the function's name if it is not a module."""
    path, _ = _innermost_module(call)
    if is_layer(call):
        return path
    return f"{path}.{call.name}" if path else call.name


def subject(call: Any) -> str:
    """Return what a message about a call begins with: "Layer 'fc' (Linear)", "Function abs"."""
    path, kind = _innermost_module(call)
    module = f"'{path}' ({kind.rsplit('.', 1)[-1]})"
    if is_layer(call):
        return f"Layer {module}"
    name = function_name(call)
    function = name.capitalize() if name in _METHODS.values() else f"Function {name}"
    return f"{function}{f' in {module}' if path else ''}"


def is_layer(call: Any) -> bool:
    """Return whether a call belongs to a layer of torch.nn or of ONNX, not to a function."""
    path, kind = _innermost_module(call)
    return bool(path) and kind.startswith(_LAYERS)


def is_named_after_layer(call: Any) -> bool:
    """Return whether the function that a layer calls has the name of the layer's class."""
    kind = _innermost_module(call)[1].rsplit(".", 1)[-1].lower()
    return is_layer(call) and function_name(call).replace("_", "").startswith(kind)


def line_of(call: Any) -> str:
    """Return the model's own line that makes a call, "project.py:12: x = torch.tanh(x)", or ""."""
    return source_line(call.meta.get("stack_trace") or "")


def module_path(call: Any) -> str:
    """Return the path of the module that makes a call; "" if it is the model itself."""
    return _innermost_module(call)[0]


def _innermost_module(call: Any) -> tuple[str, str]:
    """Return the path and class of the module that a call belongs to."""
    stack = list((call.meta.get("nn_module_stack") or {}).values())
    path, kind = stack[-1] if stack else ("", "")
    return path, str(kind)


def source_line(trace: str) -> str:
    """Return the model's own line in a stack trace, "project.py:12: x = torch.tanh(x)", or ""."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in \S+\n\s*(.*)', trace)
    torch = importlib.util.find_spec("torch")
    libraries = (torch.submodule_search_locations or []) if torch else []
    foreign = *libraries, str(Path(__file__).parents[2])
    own = [frame for frame in frames if not frame[0].startswith((*foreign, "<"))]
    if not own:
        return ""
    path, number, text = own[-1]
    return f"{Path(path).name}:{number}: {text.strip()}"
