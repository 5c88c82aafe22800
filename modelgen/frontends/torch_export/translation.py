"""The state of the translation of an exported program: tensors, nodes, constants so far.

The functions that translate one operator each add to the graph through it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.calls import error_message, layer_name, shape_of
from modelgen.frontends.torch_export.tracing import shape_text
from modelgen.ir.channels_last import to_layout
from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import Operator

if TYPE_CHECKING:
    import torch

_FLATTENED = (
    "reads flattened feature maps, whose values have a different order on the device; only linear "
    "and element-wise layers over all of them are supported"
)


class Translation:
    """A graph under construction."""

    def __init__(self, program: torch.export.ExportedProgram, batch: int) -> None:
        self._program = program
        self.batch = batch
        self.calls = [node for node in program.graph.nodes if node.op == "call_function"]
        """Calls of operators, in order."""
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, np.ndarray] = {}
        self._nodes: list[Node] = []
        self._tensor_of: dict[Any, str] = {}
        self._written: dict[Any, str] = {}
        """Call -> the last tensor added for it, which is its result."""
        self.flattened: dict[str, tuple[int, ...]] = {}
        """Tensor of flattened maps -> their channels, rows, columns, where the order matters."""
        self._constant_of = self._find_constants()
        self._input = self._add_input()

    def graph(self) -> Graph:
        """Return the graph of everything that was added."""
        graph = Graph(
            input=self._input,
            output=self._output(),
            batch=self.batch,
            nodes=tuple(self._nodes),
            tensors=self._tensors,
            constants=self._constants,
            flattened=self.flattened.get(self._output()),
        )
        shape = graph.tensors[graph.output].shape
        # With the channels last, one input's results must be contiguous.
        if len(shape) == 4 and shape[0] != self.batch:
            raise ModelError(
                f"The model's output has the shape {shape_text(shape_of(self._result()))}, which "
                f"is not one result for each of the {self.batch} inputs of a batch. Keep the batch "
                "as the first dimension."
            )
        return graph

    def origins(self) -> dict[str, Any]:
        """Return tensor -> the call that computes it in PyTorch, if any."""
        return {name: call for call, name in self._written.items()}

    def _find_constants(self) -> dict[str, str]:
        """Return the name of the parameter, buffer or constant that each placeholder stands for."""
        signature = self._program.graph_signature
        return {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }

    def _add_input(self) -> str:
        names = self._program.graph_signature.user_inputs
        if len(names) != 1:
            raise ModelError(f"The model has {len(names)} inputs; expected exactly one.")
        node = next(n for n in self._program.graph.nodes if n.name == names[0])
        self._tensors[node.name] = Tensor(node.name, to_layout(shape_of(node)))
        self._tensor_of[node] = node.name
        return node.name

    def _output(self) -> str:
        outputs = self._program.graph_signature.user_outputs
        if len(outputs) != 1 or not isinstance(outputs[0], str):
            raise ModelError(f"The model returns {len(outputs)} values; expected one tensor.")
        result = self._result()
        if result not in self._tensor_of:
            raise ModelError("The model's output does not depend on its input.")
        return self._tensor_of[result]

    def _result(self) -> Any:
        """Return the program's output node."""
        name = self._program.graph_signature.user_outputs[0]
        return next(node for node in self._program.graph.nodes if node.name == name)

    def add(
        self,
        call: Any,
        operator: Operator,
        *sources: Any,
        keep: bool | None = True,
        shape: tuple[int, ...] | None = None,
        name: str | None = None,
        constants: dict[str, str] | None = None,
    ) -> str:
        """Add a node and return the tensor that it writes.

        Args:
            call: a call of the exported program.
            operator: what the node computes.
            sources: calls or tensors that it reads; by default, the call's first argument.
            keep: what happens to flattened maps: True, the output is flattened maps too; False,
                they are rejected; None, the caller handles them.
            shape: the output's shape; by default, the call's.
            name: the node's name; by default, the layer's.
            constants: the node's constants.
        """
        inputs = tuple(self._source(call, source) for source in sources or call.args[:1])
        name = self._unique(name or layer_name(call))
        tensor = Tensor(name, shape or to_layout(shape_of(call)))
        node = Node(name, operator, inputs, name, constants or {})
        self._check_shape(call, node, tensor)
        self._tensors[name] = tensor
        self._tensor_of[call] = self._written[call] = name
        self._nodes.append(node)
        orders = [self.flattened[tensor] for tensor in inputs if tensor in self.flattened]
        if keep is not None and orders:
            if not keep or len(orders) < len(inputs) or len(set(orders)) > 1:
                self.reject_flattened_maps(call)
            self.flattened[name] = orders[0]
        return name

    def _check_shape(self, call: Any, node: Node, tensor: Tensor) -> None:
        """Make sure that the operator infers the same shape as PyTorch."""
        shapes = [self._tensors[name].shape for name in node.inputs]
        arrays = {role: self._constants[name] for role, name in node.constants.items()}
        inferred = node.operator.infer_shape(shapes, arrays)
        if inferred != tensor.shape:
            raise AssertionError(f"{layer_name(call)}: {inferred}, in PyTorch {tensor.shape}")

    def _source(self, call: Any, source: Any) -> str:
        if isinstance(source, str):
            return source
        if source not in self._tensor_of:
            self.reject(call, "does not work on the model's input")
        return self._tensor_of[source]

    def add_constants(self, call: Any, **values: np.ndarray) -> dict[str, str]:
        """Keep arrays that belong to a call, and return role -> name."""
        names = {role: f"{call.name}.{role}" for role in values}
        self._constants.update({names[role]: value for role, value in values.items()})
        return names

    def reject(self, call: Any, reason: str, hint: str = "") -> NoReturn:
        """Raise a ModelError that names the call's layer."""
        raise ModelError(f"{error_message(self.calls, call, reason)} {hint}".rstrip())

    def _unique(self, name: str) -> str:
        """Return `name`, or name#2, name#3 ... if a layer is used more than once."""
        candidate, count = name, 1
        while candidate in self._tensors:
            count += 1
            candidate = f"{name}#{count}"
        return candidate

    def shape(self, call: Any, source: Any) -> tuple[int, ...]:
        """Return the shape of a tensor that a call reads, channels last."""
        return self._tensors[self._source(call, source)].shape

    def order(self, call: Any) -> tuple[int, ...] | None:
        """Return channels, rows, columns of the flattened maps that a call reads, if any."""
        return self.flattened.get(self._source(call, call.args[0]))

    def reject_mixed_inputs(self, call: Any, shape: Sequence[int]) -> NoReturn:
        """Raise ModelError for a call whose rows mix values of several inputs."""
        reason = f"puts values of several inputs of a batch of {self.batch} into one row"
        self.reject(
            call,
            f"{reason} (shape {shape_text(shape)})",
            "Keep the batch as the first dimension.",
        )

    def reject_flattened_maps(self, call: Any) -> NoReturn:
        """Raise ModelError for a call that does not support flattened maps."""
        self.reject(call, _FLATTENED)

    def features_to_layout(self, call: Any, values: np.ndarray) -> np.ndarray:
        """Return one value for each feature that a call reads, in the device's order."""
        order = self.order(call)
        if order is None:
            return values
        return np.ascontiguousarray(values.reshape(order).transpose(1, 2, 0).reshape(-1))

    def reordered(self, call: Any, target: str, order: tuple[int, ...]) -> str:
        """Return the name of a linear layer's weights, reordered to match the flattened maps."""
        weight = self._constants[target]
        if weight.shape[1] != math.prod(order):
            self.reject_flattened_maps(call)
        name = f"{target}.{'x'.join(map(str, order))}"
        maps = weight.reshape(len(weight), *order).transpose(0, 2, 3, 1)
        self._constants[name] = np.ascontiguousarray(maps.reshape(weight.shape))
        return name

    def constants(self, call: Any, values: dict[str, Any]) -> dict[str, str]:
        """Return role -> name of the parameters that a call reads, without those that are None."""
        return {
            role: self._constant(call, value) for role, value in values.items() if value is not None
        }

    def value(self, call: Any, node: Any) -> np.ndarray:
        """Return a parameter's values as FP32."""
        return self._constants[self._constant(call, node)]

    def _constant(self, call: Any, node: Any) -> str:
        target = self._constant_of.get(getattr(node, "name", ""))
        if target is None:
            self.reject(call, "has weights that are computed by the model; they must be constant")
        if target not in self._constants:
            held = {**self._program.state_dict, **self._program.constants}
            tensor = held[target].detach().to("cpu").float()
            self._constants[target] = np.ascontiguousarray(tensor.numpy())
        return target
