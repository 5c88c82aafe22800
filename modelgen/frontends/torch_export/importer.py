"""From a PyTorch module to a graph, by way of torch.export.

ATen operators are kept at the level of layers (linear, conv2d, ...): nothing is decomposed. Feature
maps, (batch, channels, rows, columns) in PyTorch, become (batch, rows, columns, channels) here, and
weights follow: also those of a linear layer that reads flattened maps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.aliases import stale_view
from modelgen.frontends.torch_export.calls import complaint, layer_name, shape_of
from modelgen.frontends.torch_export.feature_maps import OPERATORS, to_layout
from modelgen.frontends.torch_export.tracing import shape_text, trace
from modelgen.ir.graph import Graph, Node, Tensor

if TYPE_CHECKING:
    import torch

_FLATTENED = (
    "reads flattened feature maps, whose values lie in another order on the device; linear and "
    "element-wise layers over all of them can"
)
_AS_IN_TORCH = (0, 3, 1, 2)
"""Feature maps of the device in PyTorch's order of dimensions, and back."""
_AS_ON_DEVICE = (0, 2, 3, 1)
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
    "aten.view_as.default",
)

_ASSERTION = "aten._assert_tensor_metadata.default"
"""What torch.export adds before `to`; true in the program that it exports."""

SUPPORTED = (
    "nn.Linear, nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, "
    "nn.ReLU, nn.ReLU6, nn.LeakyReLU, addition, nn.Flatten (also view, reshape, squeeze, "
    "unsqueeze), nn.Dropout, nn.Identity, nn.Softmax over the last dimension or the channels of "
    "feature maps, and argmax over the last dimension"
)


@dataclass(frozen=True)
class Imported:
    """A graph with what it was made from."""

    program: torch.export.ExportedProgram
    graph: Graph
    calls: dict[str, Any]
    """Tensor of the graph -> the node of the program that computes it in PyTorch. Tensors that
    only the graph has are left out."""
    flattened: dict[str, tuple[int, ...]]
    """Tensor of flattened maps -> their channels, rows, columns, where order matters."""

    def complaint(self, tensor: str, reason: str) -> str:
        """Say which layer fails, why, and where it stands in the model."""
        calls = [node for node in self.program.graph.nodes if node.op == "call_function"]
        return complaint(calls, self.calls[tensor], reason)


def import_model(model: torch.nn.Module, features: tuple[int, ...], batch: int) -> Graph:
    """Trace a module into a graph; see `import_with_origins`."""
    return import_with_origins(model, features, batch).graph


def import_with_origins(model: torch.nn.Module, features: tuple[int, ...], batch: int) -> Imported:
    """Trace a module into a graph that knows where its tensors come from.

    Args:
        model: any device, any mode; it is moved to the CPU and put into evaluation mode.
        features: shape of one input, without the batch.
        batch: inputs that one inference takes.

    Raises:
        ModelError: the model does not fit its input, cannot be traced, or has an operator that is
            not supported; the message names the layer.
    """
    program = trace(model, features, batch)
    importer = Importer(program, batch)
    graph = importer.run()
    return Imported(program, graph, importer.origins(), importer.flattened)


class Importer:
    """Translates one exported program, node by node."""

    def __init__(self, program: torch.export.ExportedProgram, batch: int) -> None:
        self._program = program
        self._batch = batch
        self._calls = [node for node in program.graph.nodes if node.op == "call_function"]
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, np.ndarray] = {}
        self._nodes: list[Node] = []
        self._tensor_of: dict[Any, str] = {}
        self._written: dict[Any, str] = {}
        """Call -> the last tensor that was added for it, which is its result."""
        self.flattened: dict[str, tuple[int, ...]] = {}
        """Tensor of flattened maps -> their channels, rows, columns, where order matters."""
        self._constant_of = self._find_constants()

    def run(self) -> Graph:
        source = self._add_input()
        self._refuse_stale_views()
        for call in self._calls:
            self._translate(call)
        graph = Graph(
            input=source,
            output=self._output(),
            batch=self._batch,
            nodes=tuple(self._nodes),
            tensors=self._tensors,
            constants=self._constants,
            flattened=self.flattened.get(self._output()),
        )
        shape = graph.tensors[graph.output].shape
        # Of maps, whose channels are last here, one input's results have to be together.
        if len(shape) == 4 and shape[0] != self._batch:
            raise ModelError(
                f"The model's output has the shape {shape_text(shape_of(self._result()))}, which "
                "is not one result for each of "
                f"the {self._batch} inputs of a batch: keep the batch as the first dimension."
            )
        return graph

    def origins(self) -> dict[str, Any]:
        """Return tensor -> the call that computes it, where that is so."""
        return {name: call for call, name in self._written.items()}

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
        self._tensors[node.name] = Tensor(node.name, to_layout(shape_of(node)))
        self._tensor_of[node] = node.name
        return node.name

    def _output(self) -> str:
        outputs = self._program.graph_signature.user_outputs
        if len(outputs) != 1 or not isinstance(outputs[0], str):
            raise ModelError(f"The model returns {len(outputs)} values; it must return one tensor.")
        result = self._result()
        if result not in self._tensor_of:
            raise ModelError("The model's output does not depend on its input.")
        return self._tensor_of[result]

    def _result(self) -> Any:
        """Return the node of the program that is its output."""
        name = self._program.graph_signature.user_outputs[0]
        return next(node for node in self._program.graph.nodes if node.name == name)

    def _refuse_stale_views(self) -> None:
        found = stale_view(list(self._program.graph.nodes))
        if found is not None:
            call, reader = found
            other = "the model's result" if reader.op == "output" else f"'{layer_name(reader)}'"
            self.complain(
                call,
                f"changes a tensor in place, and {other} reads the same memory under another name",
                "Use the operator that returns a new tensor.",
            )

    def _translate(self, call: Any) -> None:
        operator = str(call.target)
        if operator == _ASSERTION:
            return
        make = _OPERATORS.get(operator)
        if make is None:
            reason = f"uses the operator {operator}, which is not supported"
            self.complain(call, reason, f"Supported are {SUPPORTED}.")
        make(self, call)

    def add(
        self,
        call: Any,
        op: str,
        *sources: Any,
        keep: bool | None = True,
        shape: tuple[int, ...] | None = None,
        name: str | None = None,
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
            name: of the node; the layer's if it is not given.
            fields: of the node.
        """
        inputs = tuple(self._source(call, source) for source in sources or call.args[:1])
        name = self._unique(name or layer_name(call))
        self._tensors[name] = Tensor(name, shape or to_layout(shape_of(call)))
        self._tensor_of[call] = self._written[call] = name
        self._nodes.append(Node(name, op, inputs, name, **fields))
        orders = {self.flattened.get(tensor) for tensor in inputs}
        if keep is not None and orders != {None}:
            if not keep or len(orders) > 1:
                self.complain(call, _FLATTENED)
            self.flattened[name] = orders.pop()
        return name

    def _source(self, call: Any, source: Any) -> str:
        if isinstance(source, str):
            return source
        if source not in self._tensor_of:
            self.complain(call, "does not work on the model's input")
        return self._tensor_of[source]

    def add_constants(self, call: Any, **values: np.ndarray) -> dict[str, str]:
        """Keep arrays that belong to a call; returns role -> name."""
        names = {role: f"{call.name}.{role}" for role in values}
        self._constants.update({names[role]: value for role, value in values.items()})
        return names

    def complain(self, call: Any, reason: str, hint: str = "") -> NoReturn:
        """Raise ModelError for a call; the message names its layer."""
        raise ModelError(f"{complaint(self._calls, call, reason)} {hint}".rstrip())

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
            self.complain(call, "has no weights: one of its sizes is zero")
        order = self.flattened.get(self._source(call, call.args[0]))
        if len(shape_of(call.args[0])) == 1 and self._batch > 1:
            self._complain_of_mixing(call, shape_of(call.args[0]))
        if order is not None:
            constants["weight"] = self._reordered(call, constants["weight"], order)
        if len(shape_of(call)) == 4:
            self._add_linear_on_maps(call, constants)
        else:
            self.add(call, "linear", keep=None, constants=constants)

    def _add_linear_on_maps(self, call: Any, constants: dict[str, str]) -> None:
        """Add a linear layer over the last dimension of feature maps, which is not the device's."""
        layer = layer_name(call)
        rows = self._add_permutation(call, call.args[0], _AS_IN_TORCH, f"{layer}.columns_last")
        product = self.add(call, "linear", rows, shape=shape_of(call), constants=constants)
        self._add_permutation(call, product, _AS_ON_DEVICE, f"{layer}.channels_last")

    def _add_permutation(self, call: Any, source: Any, axes: Sequence[int], name: str) -> str:
        """Add a permutation of feature maps; a reshape where no value moves by it."""
        before = self._tensors[self._source(call, source)].shape
        shape = tuple(before[axis] for axis in axes)
        # Dimensions of a single element may stand anywhere.
        moved = [axis for axis in axes if before[axis] > 1]
        if moved == sorted(moved):
            return self.add(call, "reshape", source, shape=shape, name=name)
        attributes = {"axes": list(axes)}
        return self.add(call, "permute", source, shape=shape, name=name, attributes=attributes)

    def _complain_of_mixing(self, call: Any, shape: Sequence[int]) -> NoReturn:
        reason = f"puts values of several inputs of a batch of {self._batch} into one row"
        self.complain(
            call,
            f"{reason} (shape {shape_text(shape)})",
            "Keep the batch as the first dimension.",
        )

    def features_to_layout(self, call: Any, values: np.ndarray) -> np.ndarray:
        """Return one value for each feature that a call reads in the order of the device."""
        order = self.flattened.get(self._source(call, call.args[0]))
        if order is None:
            return values
        return np.ascontiguousarray(values.reshape(order).transpose(1, 2, 0).reshape(-1))

    def _reordered(self, call: Any, target: str, order: tuple[int, ...]) -> str:
        """Return the name of a linear layer's weights in the order of the flattened maps."""
        weight = self._constants[target]
        if weight.shape[1] != math.prod(order):
            self.complain(call, _FLATTENED)
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

    def add_reshape(self, call: Any) -> None:
        """Add a reshape; flattened maps are remembered until a linear layer reads them."""
        before, after = shape_of(call.args[0]), shape_of(call)
        if after[:1] and after[0] % self._batch:
            self._complain_of_mixing(call, after)
        name = self.add(call, "reshape")
        order = self.flattened.pop(name, None) or _map_order(before)
        if len(after) == 4:
            if order != _map_order(after):
                self.complain(call, _FLATTENED)
        elif order is not None:
            if after[1:] != (math.prod(order),):
                self.complain(call, _FLATTENED)
            self.flattened[name] = order

    def add_dropout(self, call: Any) -> None:
        if call.args[2] and call.args[1] > 0:
            self.complain(call, "drops values in evaluation mode too")
        self.add(call, "dropout")

    def add_conversion(self, call: Any) -> None:
        """Add a conversion from FP32 to FP32, which does nothing."""
        kinds = [str(node.meta["val"].dtype) for node in (call.args[0], call)]
        if kinds != ["torch.float32"] * 2:
            self.complain(call, f"converts {kinds[0]} to {kinds[1]}; all tensors are FP32")
        self.add_reshape(call)

    def _constant(self, call: Any, node: Any) -> str:
        target = self._constant_of.get(getattr(node, "name", None))
        if target is None:
            self.complain(call, "has weights that the model computes")
        if target not in self._constants:
            held = {**self._program.state_dict, **self._program.constants}
            tensor = held[target].detach().to("cpu").float()
            self._constants[target] = np.ascontiguousarray(tensor.numpy())
        return target

    def add_softmax(self, call: Any) -> None:
        shape, axis = shape_of(call.args[0]), call.args[1]
        rank = len(shape)
        wanted = 1 if rank == 4 else rank - 1
        if rank < 2:
            self.complain(call, f"gets an input of shape {shape_text(shape)}, without the batch")
        if axis % rank != wanted:
            supported = "the channels of feature maps (1)" if rank == 4 else "the last"
            self.complain(call, f"works on dimension {axis} of {rank}, not on {supported}")
        self.add(call, "softmax")

    def add_argmax(self, call: Any) -> None:
        rank = len(shape_of(call.args[0]))
        if rank != 2 or len(call.args) < 2 or call.args[1] is None or call.args[1] % rank != 1:
            self.complain(call, "must work on the last of two dimensions")
        self.add(call, "argmax", keep=False)


def _map_order(shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return channels, rows, columns of maps that lie differently with their channels last."""
    channels, area = shape[1] if len(shape) == 4 else 1, math.prod(shape[2:])
    return shape[1:] if channels > 1 and area > 1 else None


_OPERATORS: dict[str, Callable[[Importer, Any], None]] = {
    "aten.linear.default": Importer.add_linear,
    "aten.softmax.int": Importer.add_softmax,
    "aten.argmax.default": Importer.add_argmax,
    "aten.dropout.default": Importer.add_dropout,
    "aten.dropout_.default": Importer.add_dropout,
    "aten.feature_dropout.default": Importer.add_dropout,
    "aten.feature_dropout_.default": Importer.add_dropout,
    "aten.to.dtype": Importer.add_conversion,
    **dict.fromkeys(_RESHAPES, Importer.add_reshape),
    **OPERATORS,
}
