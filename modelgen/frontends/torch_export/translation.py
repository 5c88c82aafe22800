"""The state of the translation of an exported program: tensors, nodes, constants so far.

The functions that translate one operator each add to the graph through it. A value of the program
can be in the graph in several forms, each with its layout (see `layouts`): the one in which it was
computed, and others in which operators need it, as permutations of the first. The tensor of a form
has the value's elements in the order of the layout, but it may have another shape: a call that only
reshapes adds nothing to the graph, until an operator needs that very shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from modelgen.errors import ModelError
from modelgen.frontends.torch_export.calls import has_fixed_shape, layer_name, shape_of
from modelgen.frontends.torch_export.complaints import Complaint, complaint
from modelgen.frontends.torch_export.constants import Constants
from modelgen.frontends.torch_export.integer_types import quantization_of_input
from modelgen.frontends.torch_export.layouts import (
    Layout,
    channels_last,
    identity,
    laid_out,
    moves_nothing,
)
from modelgen.frontends.torch_export.tracing import shape_text
from modelgen.ir.elements import tensor_of
from modelgen.ir.graph import ElementType, Graph, Node, Tensor
from modelgen.operators import Operator, Permute, Reshape
from modelgen.operators.base import Shape

if TYPE_CHECKING:
    import torch


class RejectedError(ModelError):
    """A call that cannot be translated."""

    def __init__(self, about: Complaint) -> None:
        """Keep the complaint about the call."""
        super().__init__(str(about))
        self.complaint = about


class Translation:
    """A graph under construction."""

    def __init__(
        self,
        program: torch.export.ExportedProgram,
        batch: int,
        layout_of_input: dict[Any, Layout],
    ) -> None:
        """Begin a graph that has the program's inputs.

        Args:
            program: the exported program.
            batch: inputs that one inference takes.
            layout_of_input: input of the program -> its layout on the device.
        """
        self._program = program
        self.batch = batch
        self.constants = Constants(program)
        self.calls = [
            node
            for node in program.graph.nodes
            if node.op == "call_function" and node not in self.constants
        ]
        """Calls of operators that depend on the inputs, in order."""
        self._tensors: dict[str, Tensor] = {}
        self._values_of: dict[str, np.ndarray] = {}
        """The graph's constants."""
        self._nodes: list[Node] = []
        self._forms: dict[Any, dict[Layout, str]] = {}
        """Value -> its layouts, the one in which it was computed first, and their tensors."""
        self.origins: dict[str, tuple[Any, Layout]] = {}
        """Tensor -> the call that computes it in PyTorch, and its layout."""
        self._orders: dict[str, Layout] = {}
        self._unknown: set[Any] = set()
        """Calls that were given up whose results are no tensors of a fixed shape."""
        self._inputs = [self._add_input(node, layout_of_input[node]) for node in layout_of_input]

    def graph(self) -> Graph:
        """Return the graph of everything that was added."""
        return Graph(
            inputs=tuple(self._inputs),
            outputs=tuple(self._outputs()),
            batch=self.batch,
            nodes=tuple(self._nodes),
            tensors=self._tensors,
            constants=self._values_of,
            orders=self._orders,
        ).with_nodes(self._nodes)

    def _add_input(self, node: Any, layout: Layout) -> str:
        shape = shape_of(node)
        found = quantization_of_input(node)
        element = ElementType.FP32 if found is None else ElementType.INT8
        self._tensors[node.name] = Tensor(node.name, laid_out(shape, layout), element, found)
        self._forms[node] = {layout: node.name}
        if layout != identity(len(shape)):
            self._orders[node.name] = layout
        return node.name

    def _outputs(self) -> Iterable[str]:
        """Yield the tensors of the program's outputs."""
        (returned,) = (node for node in self._program.graph.nodes if node.op == "output")
        results = [value for value in returned.args[0] if value is not None]
        if not results or all(self._is_fixed(value) for value in results):
            raise ModelError("The model's output does not depend on its input.")
        for result in results:
            if not hasattr(result, "meta"):
                raise ModelError(f"The model returns {result!r}, which is not a tensor.")
            yield self.read(result, result)

    def _is_fixed(self, value: Any) -> bool:
        return not hasattr(value, "meta") or value in self.constants

    def knows(self, value: Any) -> bool:
        """Return whether a value is in the graph."""
        return value in self._forms

    def native(self, call: Any, source: Any) -> tuple[str, Layout]:
        """Return the form in which a value was computed: its tensor, of any shape, and its layout.

        Operators that work on each element, wherever it is, read this form.
        """
        layout = self.layout(source)
        return self.form(call, source, layout), layout

    def layout(self, source: Any) -> Layout:
        """Return the layout in which a value was computed; PyTorch's own for a constant."""
        forms = self._forms.get(source)
        return next(iter(forms)) if forms else identity(len(shape_of(source)))

    def read(self, call: Any, source: Any, layout: Layout | None = None) -> str:
        """Return the tensor of a value in a layout and its shape; it is permuted if necessary.

        Args:
            call: the call that reads it.
            source: a node of the exported program.
            layout: None: PyTorch's order.
        """
        shape = shape_of(source)
        layout = identity(len(shape)) if layout is None else layout
        return self.reshaped(call, self.form(call, source, layout), laid_out(shape, layout))

    def form(self, call: Any, source: Any, layout: Layout) -> str:
        """Return a tensor that has the elements of a value in the order of a layout."""
        forms = self._forms.setdefault(source, {})
        if layout not in forms:
            if source in self.constants:
                forms[layout] = self._constant_tensor(source, layout)
            else:
                forms[layout] = self._permuted(call, source, layout)
        return forms[layout]

    def alike(self, call: Any, sources: Sequence[Any]) -> tuple[list[str], Layout]:
        """Return the tensors of values of the same shape, all in the native form of the first."""
        first, layout = self.native(call, sources[0])
        shape = self.shape(first)
        tensors = [self.form(call, source, layout) for source in sources]
        return [self.reshaped(call, tensor, shape) for tensor in tensors], layout

    def _constant_tensor(self, source: Any, layout: Layout) -> str:
        values = self.constants.array(source).transpose(layout)
        return self.constant(self.constants.name(source), values)

    def _permuted(self, call: Any, source: Any, layout: Layout) -> str:
        forms = self._forms[source]
        if not forms:
            self.reject(call, "does not work on the model's input")
        shape = shape_of(source)
        for known, tensor in forms.items():
            if moves_nothing(shape, known, layout):
                return tensor
        known, tensor = next(iter(forms.items()))
        axes = tuple(known.index(axis) for axis in layout)
        exact = self.reshaped(call, tensor, laid_out(shape, known))
        return self.apply(call, Permute(axes), exact, name=f"{tensor}.permuted")

    def channels_last(self, call: Any, source: Any) -> str:
        """Return the tensor of a value with dimension 1, its channels, last."""
        return self.read(call, source, channels_last(len(shape_of(source))))

    def shape(self, tensor: str) -> Shape:
        """Return a tensor's shape on the device."""
        return self._tensors[tensor].shape

    def value(self, call: Any, node: Any) -> np.ndarray:
        """Return a constant that a call reads, in FP32 and PyTorch's order."""
        if node not in self.constants:
            self.reject(call, "has weights that depend on the model's input; they must be constant")
        return self.constants.array(node)

    def apply(
        self,
        call: Any,
        operator: Operator,
        *sources: str,
        name: str | None = None,
        roles: dict[str, str] | None = None,
    ) -> str:
        """Add a node and return the tensor that it writes.

        Args:
            call: the call that it belongs to.
            operator: what the node computes.
            sources: tensors that it reads.
            name: the node's name; by default, the layer's.
            roles: the node's constants, from `add_roles` or `parameters`.
        """
        name = self._unique(name or layer_name(call))
        roles = roles or {}
        arrays = {role: self._values_of[constant] for role, constant in roles.items()}
        self._tensors[name] = tensor_of(
            name, operator, [self._tensors[source] for source in sources], arrays
        )
        self._nodes.append(Node(name, operator, sources, name, roles))
        return name

    def reshaped(self, call: Any, tensor: str, shape: Shape) -> str:
        """Return a tensor with another shape: the tensor itself if it has that shape."""
        if self.shape(tensor) == tuple(shape):
            return tensor
        if tensor in self._values_of:
            return self.constant(tensor, self._values_of[tensor].reshape(shape))
        return self.apply(call, Reshape(tuple(shape)), tensor, name=f"{tensor}.reshaped")

    def define(
        self, call: Any, tensor: str, layout: Layout | None = None, index: int | None = None
    ) -> None:
        """Record which tensor a call's result is.

        Args:
            call: a call of the exported program.
            tensor: the result, in any shape.
            layout: the order of its elements; None: PyTorch's order.
            index: position of the result, if the call has several.
        """
        result = call if index is None else (call, index)
        values = call.meta["val"]
        shape = tuple(map(int, (values if index is None else values[index]).shape))
        layout = identity(len(shape)) if layout is None else layout
        if self._tensors[tensor].size != math.prod(shape):
            text = f"{shape_text(self.shape(tensor))}, in PyTorch {shape_text(shape)}"
            raise AssertionError(f"{layer_name(call)}: {text}")
        self._forms[result] = {layout: tensor}
        if index is None:
            self.origins.setdefault(tensor, (call, layout))

    def define_alias(self, call: Any, source: Any) -> None:
        """Record that a call's result is a value that is known already."""
        self._forms[call] = dict(self._forms[source])
        for layout, tensor in self._forms[call].items():
            self.origins.setdefault(tensor, (call, layout))

    def elementwise(
        self, call: Any, operator: Operator, roles: dict[str, str] | None = None
    ) -> None:
        """Add an operator that works on each value of the first argument, in any layout."""
        tensor, layout = self.native(call, call.args[0])
        self.define(call, self.apply(call, operator, tensor, roles=roles), layout)

    def give_up(self, call: Any) -> None:
        """Let later calls be translated although this one cannot."""
        values = call.meta.get("val")
        several = isinstance(values, tuple | list)
        if not all(map(has_fixed_shape, values if several else (values,))):
            self._unknown.add(call)
            return
        for index, value in enumerate(values if several else (values,)):
            shape = tuple(value.shape)
            name = self._unique(layer_name(call))
            self._tensors[name] = Tensor(name, shape)
            self._forms[(call, index) if several else call] = {identity(len(shape)): name}

    def is_lost(self, call: Any) -> bool:
        """Return whether a call cannot be translated only because an earlier one cannot."""
        return any(source in self._unknown for source in call.all_input_nodes)

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a constant tensor, and return its name."""
        name = self._unique(name)
        self._values_of[name] = np.ascontiguousarray(values, np.float32)
        self._tensors[name] = Tensor(name, values.shape)
        return name

    def add_roles(self, call: Any, **values: np.ndarray) -> dict[str, str]:
        """Keep arrays that belong to a call, and return role -> name."""
        names = {role: f"{call.name}.{role}" for role in values}
        self._values_of |= {names[role]: value for role, value in values.items()}
        return names

    def parameters(self, call: Any, nodes: dict[str, Any]) -> dict[str, str]:
        """Return role -> name of the parameters that a call reads, without those that are None."""
        names = {}
        for role, node in nodes.items():
            if node is not None:
                values = self.value(call, node)
                names[role] = self.constants.name(node)
                self._values_of[names[role]] = values
        return names

    def add_integers(
        self,
        call: Any,
        role: str,
        node: Any,
        arrange: Callable[[np.ndarray], np.ndarray] = np.asarray,
    ) -> dict[str, str]:
        """Keep the integers of which a constant is made; return role -> name, if there are any.

        Args:
            call: the call that reads it.
            role: of the constant, in the call's node.
            node: the constant, or None.
            arrange: returns arrays in the order in which the graph has the constant.
        """
        found = None if node is None else self.constants.integers(node)
        return {} if found is None else self.add_roles(call, **found.arranged(arrange).roles(role))

    def reject(self, call: Any, reason: str, hint: str = "") -> NoReturn:
        """Raise a RejectedError that names the call's layer."""
        raise RejectedError(complaint(call, reason, hint))

    def _unique(self, name: str) -> str:
        """Return `name`, or name#2, name#3 ... if a layer is used more than once."""
        candidate, count = name, 1
        while candidate in self._tensors or candidate in self._values_of:
            count += 1
            candidate = f"{name}#{count}"
        return candidate
