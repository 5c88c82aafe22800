"""From an ONNX graph to a module: nodes that depend on the inputs become layers, others values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from modelgen.errors import ModelError
from modelgen.frontends.nodes.builder import ModuleBuilder, Network
from modelgen.frontends.nodes.node import FileNode, RefusedError
from modelgen.frontends.nodes.refusals import of_model, of_node
from modelgen.frontends.onnx.checks import (
    about_input,
    about_versions,
    batch_of,
    complaints_about,
    inputs_of,
    opset_of,
)
from modelgen.frontends.onnx.expansion import branch_of, expanded, is_function
from modelgen.frontends.onnx.folding import OF_SHAPES, can_fold, folded
from modelgen.frontends.onnx.operators import OPERATORS
from modelgen.frontends.onnx.package import import_onnx
from modelgen.frontends.onnx.patterns import recognized
from modelgen.frontends.onnx.quantized import in_long_form
from modelgen.frontends.onnx.refusals import is_refused, of_operator
from modelgen.frontends.onnx.types import QUANTIZED, RUN_TIME
from modelgen.frontends.torch_export.importer import UnsupportedError


def build(model: Any, batch: int | None = None) -> Network:
    """Return the network of an onnx.ModelProto.

    Args:
        model: as `reader.read_model` returns it.
        batch: samples that one inference takes; None: as many as the model says, or 1 if it leaves
            that open.

    Raises:
        UnsupportedError: it cannot be computed; the message names all nodes and tensors.
        ModelError: the model is damaged.
    """
    return _Build(model, batch_of(model, batch)).network()


class _Build:
    """A module under construction."""

    def __init__(self, model: Any, batch: int) -> None:
        self._model = model
        self._graph = model.graph
        self._opsets = {each.domain: each.version for each in model.opset_import}
        self._batch = batch
        versions = tuple(about_versions(model))
        if versions:
            # What other versions of operators mean is not known.
            raise UnsupportedError(versions)
        self._module = ModuleBuilder(tuple(complaints_about(model, batch)))
        self._fixed, self._examples = self._module.fixed, self._module.examples
        self._lost, self._complaints = self._module.lost, self._module.complaints
        self._fixed |= self._initializers()
        self._nodes = list(in_long_form(model, self._fixed))
        self._read = {name for node, _ in self._nodes for name in node.input}
        self._read |= {value.name for value in self._graph.output}
        for value in inputs_of(model):
            self._add_input(value)

    def network(self) -> Network:
        """Return the network; raise UnsupportedError with everything that is wrong."""
        self._add_all(self._nodes)
        outputs = [value.name for value in self._graph.output]
        return self._module.network(outputs, self._batch, recognized)

    def _add_all(self, nodes: Iterable[tuple[Any, str]]) -> None:
        """Add nodes with names, to which a number is added if they occur again."""
        for node, wanted in nodes:
            name = self._module.free_name(wanted)
            try:
                self._add(node, name)
            except RefusedError as error:
                new = (each for each in node.output if not self._module.knows(each))
                self._lost.update(new)
                self._complaints.append(of_node(name, node.op_type, error.reason, error.hint))

    def _initializers(self) -> dict[str, np.ndarray]:
        """Return the tensors in the file."""
        found: dict[str, np.ndarray] = {}
        for tensor in self._graph.initializer:
            if tensor.name in found or min(tensor.dims, default=0) < 0:
                raise ModelError(
                    f"The tensor '{tensor.name}' is there twice, or has sizes below 0. The file is "
                    "damaged: export the model again."
                )
            try:
                found[tensor.name] = import_onnx().numpy_helper.to_array(tensor)
            except Exception as error:
                raise ModelError(
                    f"The values of the tensor '{tensor.name}' cannot be read: {error}. The file "
                    "is damaged: export the model again."
                ) from error
        return found

    def _add_input(self, value: Any) -> None:
        tensor = value.type.tensor_type
        features = tuple(max(int(each.dim_value), 1) for each in tensor.shape.dim[1:])
        kinds = RUN_TIME | (QUANTIZED if self._is_dequantized(value.name) else {})
        found = list(about_input(value, kinds))
        if self._module.knows(value.name):
            found.append(of_model(f"The model has two inputs '{value.name}'"))
        try:
            kind = kinds.get(tensor.elem_type, "float32")
            self._module.add_input(value.name, (self._batch, *features), kind)
        except RefusedError as error:
            found.append(of_model(f"The input '{value.name}' {error.reason}", error.hint))
        if found:
            self._complaints += found
            self._lost.add(value.name)

    def _is_dequantized(self, name: str) -> bool:
        """Return whether nothing but DequantizeLinear reads an input."""
        readers = {node.op_type for node, _ in self._nodes if name in node.input}
        return readers == {"DequantizeLinear"}

    def _add(self, node: Any, name: str) -> None:
        """Compute a node's results now, or add a layer that does."""
        for each in filter(None, node.input):
            if not self._module.knows(each):
                raise ModelError(
                    f"Layer '{name}' ({node.op_type}) reads '{each}', which no node before it "
                    "computes. The file is damaged: export the model again."
                )
        self._check_outputs(node)
        if any(each in self._lost for each in node.input):
            self._lost.update(node.output)
            if not self._is_known(node):
                self._complaints.append(of_operator(name, node))
            return
        self._check(node, name)
        known = self._fixed
        if node.op_type in OF_SHAPES and node.input[0] in self._examples:
            known = {**known, node.input[0]: _any_values(self._examples[node.input[0]])}
        if node.op_type == "DequantizeLinear" and node.input[0] in self._fixed:
            self._module.add_dequantized(self._described(node, name), OPERATORS[node.op_type])
        elif can_fold(node, known):
            self._fixed |= folded(node, self._opsets, known)
        elif self._is_known(node):
            self._module.add_layer(self._described(node, name), OPERATORS[node.op_type])
        elif node.op_type == "If" and node.input[0] in self._fixed:
            self._add_parts(branch_of(node, name, condition=bool(self._fixed[node.input[0]])))
        elif is_function(node, opset_of(self._model)) and not is_refused(node):
            self._add_function(node, name)
        else:
            self._lost.update(node.output)
            self._complaints.append(of_operator(name, node))

    def _check_outputs(self, node: Any) -> None:
        names = [each for each in node.output if each]
        again = next((each for each in names if self._module.knows(each)), "")
        if again or len({*names}) < len(names):
            raise RefusedError(f"writes '{again or names[0]}', which something else is, too")

    def _add_parts(self, parts: Sequence[tuple[Any, str]]) -> None:
        """Add nodes that another stands for."""
        self._read |= {each for part, _ in parts for each in part.input}
        self._add_all(parts)

    def _add_function(self, node: Any, name: str) -> None:
        """Add what a node stands for; if any of it is refused, so is the node."""
        before = len(self._complaints)
        inputs = {
            each: self._fixed[each] if each in self._fixed else _any_values(self._examples[each])
            for each in filter(None, node.input)
        }
        parts = expanded(node, name, self._opsets, inputs)
        self._add_parts(parts)
        if not parts or len(self._complaints) > before:
            del self._complaints[before:]
            self._lost.update(node.output)
            self._complaints.append(of_operator(name, node))

    def _is_known(self, node: Any) -> bool:
        return not node.domain and node.op_type in OPERATORS

    def _check(self, node: Any, name: str) -> None:
        """Refuse a node that is not as its operator is defined."""
        onnx = import_onnx()
        has_graphs = any(each.HasField("g") for each in node.attribute)
        if has_graphs or node.domain or not onnx.defs.has(node.op_type):
            # What graphs inside read around them is not known to ONNX's check of a node.
            return
        context = onnx.checker.C.CheckerContext()
        context.ir_version = self._model.ir_version
        context.opset_imports = self._opsets
        try:
            onnx.checker.check_node(node, context)
        except onnx.checker.ValidationError as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise RefusedError(f"is not as ONNX defines it: {reason}") from error

    def _described(self, node: Any, name: str) -> FileNode:
        """Return a node as the function of its operator sees it."""
        read = tuple(node.input)
        return FileNode(
            name,
            node.op_type,
            _attributes(node),
            read,
            tuple(output if output in self._read else "" for output in node.output),
            self._module.fixed_inputs(read),
        )


def _attributes(node: Any) -> dict[str, Any]:
    """Return name -> value of a node's attributes; texts are strings."""
    helper = import_onnx().helper
    found = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        text = value.decode(errors="replace")
        if not text.isprintable():
            raise RefusedError(f"has an attribute that is no text: {text[:20]!r}")
        return text
    # Lists are containers of protobuf.
    return [_plain(each) for each in value] if isinstance(value, Iterable) else value


def _any_values(example: torch.Tensor) -> np.ndarray:
    """Return an array of the shape and type of an example, without memory for its values."""
    kind = str(example.dtype).removeprefix("torch.")
    return np.broadcast_to(np.zeros((), kind), tuple(example.shape))
