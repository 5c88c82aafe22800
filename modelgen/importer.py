"""From a PyTorch module to a graph, by way of torch.export.

ATen operators are kept at the level of layers (linear, conv2d, ...): nothing is decomposed. Feature
maps, (batch, channels, rows, columns) in PyTorch, become (batch, rows, columns, channels) here, and
weights follow: also those of a linear layer that reads flattened maps.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelgen.errors import ModelError
from modelgen.feature_maps import OPERATORS, to_layout
from modelgen.graph import Graph, Node, Tensor

if TYPE_CHECKING:
    import torch

_FLATTENED = (
    "reads flattened feature maps, whose values lie in another order on the device; linear and "
    "element-wise layers over all of them can"
)
_RESHAPES = (
    "aten.flatten.using_ints",
    "aten.view.default",
    "aten.reshape.default",
    "aten.squeeze.default",
    "aten.squeeze.dim",
    "aten.squeeze.dims",
    "aten.unsqueeze.default",
    "aten.unflatten.int",
    "aten.contiguous.default",
    "aten.clone.default",
    "aten.alias.default",
    "aten.detach.default",
)

SUPPORTED = (
    "nn.Linear, nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, "
    "nn.ReLU, nn.ReLU6, nn.LeakyReLU, addition, nn.Flatten (also view, reshape, squeeze, "
    "unsqueeze), nn.Dropout, nn.Identity, and nn.Softmax and argmax over the last dimension"
)


def import_model(model: torch.nn.Module, features: tuple[int, ...], batch: int) -> Graph:
    """Trace a module into a graph.

    Args:
        model: any device, any mode; it is moved to the CPU and put into evaluation mode.
        features: shape of one input, without the batch.
        batch: inputs that one inference takes.

    Raises:
        ModelError: the model does not fit its input, cannot be traced, or has an operator that is
            not supported; the message names the layer.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        kind = type(model).__name__
        raise ModelError(f"model() returned a {kind}; it must return a torch.nn.Module.")
    model = model.to("cpu", torch.float32).eval()
    example = torch.zeros(batch, *features)
    try_forward(model, example)
    try:
        with _silent_torch():
            program = torch.export.export(model, (example,))
    except Exception as error:
        raise ModelError(
            f"torch.export cannot trace the model: {_first_line(error)}. "
            "Control flow that depends on values of tensors cannot be compiled."
        ) from error
    return _Importer(program, batch).run()


@contextlib.contextmanager
def _silent_torch() -> Iterator[None]:
    """Keep back what torch logs and prints of a failure, which is for its own developers."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)


def try_forward(model: torch.nn.Module, example: torch.Tensor) -> torch.Tensor:
    """Run the model once and return its output; ModelError names a layer that fails."""
    import torch

    running: list[tuple[str, torch.nn.Module, Any]] = []

    def enter(name: str) -> Callable[..., None]:
        def hook(module: torch.nn.Module, inputs: Any) -> None:
            running.append((name, module, inputs))

        return hook

    def leave(*_: Any) -> None:
        running.pop()

    hooks = []
    for name, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(enter(name)))
        hooks.append(module.register_forward_hook(leave))
    try:
        with torch.no_grad():
            return model(example)
    except Exception as error:
        raise ModelError(_forward_message(running, example, error)) from error
    finally:
        for hook in hooks:
            hook.remove()


def _forward_message(running: list[Any], example: torch.Tensor, error: Exception) -> str:
    reason = _first_line(error)
    shape = _shape_text(example.shape)
    inner = next((entry for entry in reversed(running) if entry[0]), None)
    if inner is None:
        return f"The model cannot take an input of shape {shape}: {reason}."
    name, module, inputs = inner
    taken = " and ".join(_shape_text(i.shape) for i in inputs if hasattr(i, "shape"))
    return (
        f"Layer '{name}' ({type(module).__name__}({module.extra_repr()})) cannot take an input of "
        f"shape {taken}: {reason}. The model's input has the shape {shape} (batch first): "
        "change the layer, or the data."
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")


def _shape_text(shape: Any) -> str:
    return "x".join(str(size) for size in shape) or "scalar"


class _Importer:
    """Translates one exported program, node by node."""

    def __init__(self, program: torch.export.ExportedProgram, batch: int) -> None:
        self._program = program
        self._batch = batch
        self._calls = [node for node in program.graph.nodes if node.op == "call_function"]
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, np.ndarray] = {}
        self._nodes: list[Node] = []
        self._tensor_of: dict[Any, str] = {}
        self._flattened: dict[str, tuple[int, ...]] = {}
        """Tensor of flattened maps -> their channels, rows, columns, where order matters."""
        self._constant_of = self._find_constants()

    def run(self) -> Graph:
        source = self._add_input()
        for call in self._calls:
            self._translate(call)
        graph = Graph(
            input=source,
            output=self._output(),
            batch=self._batch,
            nodes=tuple(self._nodes),
            tensors=self._tensors,
            constants=self._constants,
            flattened=self._flattened.get(self._output()),
        )
        if graph.tensors[graph.output].size % self._batch:
            shape = _shape_text(graph.tensors[graph.output].shape)
            raise ModelError(
                f"The model's output has the shape {shape}, which is not one result for each of "
                f"the {self._batch} inputs of a batch: keep the batch as the first dimension."
            )
        return graph

    def _find_constants(self) -> dict[str, str]:
        """Return placeholder -> name of the parameter, buffer or constant that it stands for."""
        signature = self._program.graph_signature
        return {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }

    def _add_input(self) -> str:
        names = self._program.graph_signature.user_inputs
        if len(names) != 1:
            raise ModelError(f"The model has {len(names)} inputs; exactly one is supported.")
        node = next(n for n in self._program.graph.nodes if n.name == names[0])
        self._tensors[node.name] = Tensor(node.name, to_layout(_shape(node)))
        self._tensor_of[node] = node.name
        return node.name

    def _output(self) -> str:
        outputs = self._program.graph_signature.user_outputs
        if len(outputs) != 1 or not isinstance(outputs[0], str):
            raise ModelError(f"The model returns {len(outputs)} values; it must return one tensor.")
        nodes = {node.name: node for node in self._program.graph.nodes}
        result = nodes[outputs[0]]
        if result not in self._tensor_of:
            raise ModelError("The model's output does not depend on its input.")
        return self._tensor_of[result]

    def _translate(self, call: Any) -> None:
        operator = str(call.target)
        make = _OPERATORS.get(operator)
        if make is None:
            raise ModelError(self._unsupported(call, operator))
        make(self, call)

    def add(
        self,
        call: Any,
        op: str,
        *sources: Any,
        keep: bool | None = True,
        shape: tuple[int, ...] | None = None,
        **fields: Any,
    ) -> str:
        """Add a node; returns the tensor that it writes.

        Args:
            call: of the exported program.
            op: the node's operator.
            sources: calls or tensors that it reads; the call's first argument if none are given.
            keep: what happens to flattened maps: True, the output is flattened maps too; False,
                they are refused; None, the caller sees to it.
            shape: of the output; the call's if it is not given.
            fields: of the node.
        """
        inputs = tuple(self._source(call, source) for source in sources or call.args[:1])
        name = self._unique(_layer_name(call))
        self._tensors[name] = Tensor(name, shape or to_layout(_shape(call)))
        self._tensor_of[call] = name
        self._nodes.append(Node(name, op, inputs, name, **fields))
        orders = {self._flattened.get(tensor) for tensor in inputs}
        if keep is not None and orders != {None}:
            if not keep or len(orders) > 1:
                raise ModelError(self._complaint(call, _FLATTENED))
            self._flattened[name] = orders.pop()
        return name

    def _source(self, call: Any, source: Any) -> str:
        if isinstance(source, str):
            return source
        if source not in self._tensor_of:
            raise ModelError(self._complaint(call, "does not work on the model's input"))
        return self._tensor_of[source]

    def add_constants(self, call: Any, **values: np.ndarray) -> dict[str, str]:
        """Keep arrays that belong to a call; returns role -> name."""
        names = {role: f"{call.name}.{role}" for role in values}
        self._constants.update({names[role]: value for role, value in values.items()})
        return names

    def complain(self, call: Any, reason: str) -> None:
        """Raise ModelError for a call."""
        raise ModelError(self._complaint(call, reason))

    def _unique(self, name: str) -> str:
        """Return `name`, or name#2, name#3 ... where a layer is used more than once."""
        candidate, count = name, 1
        while candidate in self._tensors:
            count += 1
            candidate = f"{name}#{count}"
        return candidate

    def add_linear(self, call: Any) -> None:
        values = {**dict(zip(("weight", "bias"), call.args[1:], strict=False)), **call.kwargs}
        constants = self.constants(call, values)
        if self._constants[constants["weight"]].size == 0:
            raise ModelError(self._complaint(call, "has no weights: one of its sizes is zero"))
        order = self._flattened.get(self._source(call, call.args[0]))
        if order is not None:
            constants["weight"] = self._reordered(call, constants["weight"], order)
        self.add(call, "linear", keep=None, constants=constants)

    def features_to_layout(self, call: Any, values: np.ndarray) -> np.ndarray:
        """Return one value for each feature that a call reads in the order of the device."""
        order = self._flattened.get(self._source(call, call.args[0]))
        if order is None:
            return values
        return np.ascontiguousarray(values.reshape(order).transpose(1, 2, 0).reshape(-1))

    def _reordered(self, call: Any, target: str, order: tuple[int, ...]) -> str:
        """Return the name of a linear layer's weights in the order of the flattened maps."""
        weight = self._constants[target]
        if weight.shape[1] != math.prod(order):
            raise ModelError(self._complaint(call, _FLATTENED))
        name = f"{target}.{'x'.join(map(str, order))}"
        maps = weight.reshape(len(weight), *order).transpose(0, 2, 3, 1)
        self._constants[name] = np.ascontiguousarray(maps.reshape(weight.shape))
        return name

    def constants(self, call: Any, values: dict[str, Any]) -> dict[str, str]:
        """Return role -> name of the parameters that a call reads; those that are None left out."""
        return {
            role: self._constant(call, value) for role, value in values.items() if value is not None
        }

    def value(self, call: Any, node: Any) -> np.ndarray:
        """Return a parameter's values as FP32."""
        return self._constants[self._constant(call, node)]

    def shape(self, node: Any) -> tuple[int, ...]:
        """Return a tensor's shape in PyTorch."""
        return _shape(node)

    def add_reshape(self, call: Any) -> None:
        """Add a reshape; flattened maps are remembered until a linear layer reads them."""
        before, after = _shape(call.args[0]), _shape(call)
        name = self.add(call, "reshape")
        order = self._flattened.pop(name, None) or _map_order(before)
        if len(after) == 4:
            if order != _map_order(after):
                raise ModelError(self._complaint(call, _FLATTENED))
        elif order is not None:
            if after[1:] != (math.prod(order),):
                raise ModelError(self._complaint(call, _FLATTENED))
            self._flattened[name] = order

    def add_dropout(self, call: Any) -> None:
        if call.args[2] and call.args[1] > 0:
            raise ModelError(self._complaint(call, "drops values in evaluation mode too"))
        self.add(call, "dropout")

    def _constant(self, call: Any, node: Any) -> str:
        target = self._constant_of.get(getattr(node, "name", None))
        if target is None:
            raise ModelError(self._complaint(call, "has weights that the model computes"))
        if target not in self._constants:
            held = {**self._program.state_dict, **self._program.constants}
            tensor = held[target].detach().to("cpu").float()
            self._constants[target] = np.ascontiguousarray(tensor.numpy())
        return target

    def add_softmax(self, call: Any) -> None:
        rank = len(_shape(call.args[0]))
        if call.args[1] % rank != rank - 1:
            reason = f"works on dimension {call.args[1]} of {rank}; only the last is supported"
            raise ModelError(self._complaint(call, reason))
        if rank == 4:
            raise ModelError(self._complaint(call, "works on feature maps, not on their channels"))
        self.add(call, "softmax")

    def add_argmax(self, call: Any) -> None:
        rank = len(_shape(call.args[0]))
        if rank != 2 or len(call.args) < 2 or call.args[1] is None or call.args[1] % rank != 1:
            raise ModelError(self._complaint(call, "must work on the last of two dimensions"))
        self.add(call, "argmax", keep=False)

    def _unsupported(self, call: Any, operator: str) -> str:
        reason = f"uses the operator {operator}, which is not supported"
        return f"{self._complaint(call, reason)} Supported are {SUPPORTED}."

    def _complaint(self, call: Any, reason: str) -> str:
        """Say which layer fails, why, and where it stands in the model."""
        position = self._calls.index(call)
        after = f", after '{_layer_name(self._calls[position - 1])}'" if position else ""
        line = _source_line(call)
        return (
            f"Layer '{_layer_name(call)}'{_layer_kind(call)} {reason}. It is operator "
            f"{position + 1} of {len(self._calls)}{after}{f', at {line}' if line else ''}."
        )


def _innermost_module(call: Any) -> tuple[str, str]:
    """Return path and class of the module that a call belongs to."""
    stack = list((call.meta.get("nn_module_stack") or {}).values())
    return stack[-1] if stack else ("", "")


def _layer_name(call: Any) -> str:
    """Return the layer's name in the model; a function's own name where it is not a module."""
    path, kind = _innermost_module(call)
    if str(kind).startswith("torch.nn.modules") and path:
        return path
    return f"{path}.{call.name}" if path else call.name


def _layer_kind(call: Any) -> str:
    path, kind = _innermost_module(call)
    return f" ({str(kind).rsplit('.', 1)[-1]})" if path else ""


def _source_line(call: Any) -> str:
    """Return "project.py:12: x = torch.tanh(x)": the model's own line, if it is known."""
    frames = re.findall(
        r'File "([^"]+)", line (\d+), in \S+\n\s*(.*)', call.meta.get("stack_trace") or ""
    )
    own = [frame for frame in frames if f"{Path('torch', 'nn')}" not in frame[0]]
    if not own:
        return ""
    path, number, text = own[-1]
    return f"{Path(path).name}:{number}: {text.strip()}"


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in node.meta["val"].shape)


def _map_order(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return channels, rows, columns of maps that lie differently with their channels last."""
    channels, area = shape[1] if len(shape) == 4 else 1, math.prod(shape[2:])
    return shape[1:] if channels > 1 and area > 1 else None


_OPERATORS: dict[str, Callable[[_Importer, Any], None]] = {
    "aten.linear.default": _Importer.add_linear,
    "aten.softmax.int": _Importer.add_softmax,
    "aten.argmax.default": _Importer.add_argmax,
    "aten.dropout.default": _Importer.add_dropout,
    "aten.dropout_.default": _Importer.add_dropout,
    **dict.fromkeys(_RESHAPES, _Importer.add_reshape),
    **OPERATORS,
}
