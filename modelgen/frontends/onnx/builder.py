"""From an ONNX graph to a module: nodes that depend on the inputs become layers, others values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch._subclasses import FakeTensorMode

from modelgen.errors import ModelError
from modelgen.frontends.onnx.checks import (
    about_input,
    batch_of,
    complaints_about,
    inputs_of,
    opset_of,
)
from modelgen.frontends.onnx.expansion import branch_of, expanded, is_function
from modelgen.frontends.onnx.folding import OF_SHAPES, can_fold, folded
from modelgen.frontends.onnx.module import OnnxModule, Step, layer, module_class
from modelgen.frontends.onnx.nodes import OnnxNode, RefusedError
from modelgen.frontends.onnx.operators import OPERATORS
from modelgen.frontends.onnx.package import import_onnx
from modelgen.frontends.onnx.patterns import recognized
from modelgen.frontends.onnx.refusals import is_refused, merged, of_model, of_node, of_operator
from modelgen.frontends.onnx.types import FIXED, RUN_TIME
from modelgen.frontends.torch_export.arguments import Argument
from modelgen.frontends.torch_export.complaints import Complaint
from modelgen.frontends.torch_export.importer import UnsupportedError
from modelgen.frontends.torch_export.tracing import shape_text, silent_torch


@dataclass(frozen=True)
class OnnxNetwork:
    """A module that computes what an ONNX file does."""

    module: OnnxModule
    arguments: tuple[Argument, ...]
    """What forward() gets, in the order of `inputs`."""
    inputs: tuple[str, ...]
    """Names of the inputs in the file."""
    batch: int
    """Samples that one inference takes."""


def build(model: Any, batch: int | None = None) -> OnnxNetwork:
    """Return the network of an onnx.ModelProto.

    Args:
        model: as `reader.read_model` returns it.
        batch: samples that one inference takes; None: as many as the model says, or 1 if it leaves
            that open.

    Raises:
        UnsupportedError: it cannot be computed; the message names all nodes and tensors.
        ModelError: the model is damaged.
    """
    chosen = batch_of(model, batch)
    complaints = list(complaints_about(model, chosen))
    return _Build(model, chosen, complaints).network()


class _Build:
    """A module under construction."""

    def __init__(self, model: Any, batch: int, complaints: list[Complaint]) -> None:
        self._model = model
        self._graph = model.graph
        self._opsets = {each.domain: each.version for each in model.opset_import}
        self._complaints = complaints
        self._fixed = self._initializers()
        self._tensors: dict[str, torch.Tensor] = {}
        self._mode = FakeTensorMode(allow_non_fake_inputs=True)
        self._examples: dict[str, torch.Tensor] = {}
        """Tensor that depends on the inputs -> a tensor without memory, of its shape and type."""
        self._lost: set[str] = set()
        """Tensors that nothing is known of, because what computes them is refused."""
        self._names: set[str] = set()
        self._steps: list[Step] = []
        self._inputs = inputs_of(model)
        self._read = {name for node in self._graph.node for name in node.input}
        self._read |= {value.name for value in self._graph.output}
        self._batch = batch
        self._arguments = tuple(map(self._add_input, self._inputs))

    def network(self) -> OnnxNetwork:
        """Return the network; raise UnsupportedError with everything that is wrong."""
        self._add_all((node, _name_of(node)) for node in self._graph.node)
        outputs = [value.name for value in self._graph.output]
        for output in outputs:
            if output not in (*self._lost, *self._examples, *self._fixed):
                self._complain(of_model(f"The output '{output}' is not computed by any node"))
        if self._complaints:
            raise UnsupportedError(merged(self._complaints))
        inputs = tuple(value.name for value in self._inputs)
        ranks = {name: example.dim() for name, example in self._examples.items()}
        self._steps = recognized(self._steps, outputs, ranks)
        module = module_class(inputs)(inputs, outputs, self._steps, self._constants(outputs))
        return OnnxNetwork(module.eval(), self._arguments, inputs, self._batch)

    def _add_all(self, nodes: Iterable[tuple[Any, str]]) -> None:
        """Add nodes with names, to which a number is added if they occur again."""
        for node, wanted in nodes:
            name, count = wanted, 1
            while name in self._names:
                count += 1
                name = f"{wanted}_{count}"
            self._names.add(name)
            try:
                self._add(node, name)
            except RefusedError as error:
                self._lost.update(node.output)
                self._complain(of_node(name, node.op_type, error.reason, error.hint))

    def _complain(self, complaint: Complaint) -> None:
        self._complaints.append(complaint)

    def _initializers(self) -> dict[str, np.ndarray]:
        """Return the tensors in the file."""
        found = {}
        for tensor in self._graph.initializer:
            try:
                found[tensor.name] = import_onnx().numpy_helper.to_array(tensor)
            except Exception as error:
                raise ModelError(
                    f"The values of the tensor '{tensor.name}' cannot be read: {error}. The file "
                    "is damaged: export the model again."
                ) from error
        return found

    def _add_input(self, value: Any) -> Argument:
        tensor = value.type.tensor_type
        features = tuple(max(int(each.dim_value), 1) for each in tensor.shape.dim[1:])
        kind = RUN_TIME.get(tensor.elem_type, "float32")
        shape = (self._batch, *features)
        with self._mode:
            self._examples[value.name] = torch.empty(shape, dtype=getattr(torch, kind))
        found = list(about_input(value))
        if found:
            self._complaints += found
            self._lost.add(value.name)
        return Argument(features, kind)

    def _add(self, node: Any, name: str) -> None:
        """Compute a node's results now, or add a layer that does."""
        for each in filter(None, node.input):
            if not any(each in known for known in (self._examples, self._fixed, self._lost)):
                raise ModelError(
                    f"Layer '{name}' ({node.op_type}) reads '{each}', which no node before it "
                    "computes. The file is damaged: export the model again."
                )
        if any(each in self._lost for each in node.input):
            self._lost.update(node.output)
            if not self._is_known(node):
                self._complain(of_operator(name, node))
            return
        self._check(node, name)
        known = self._fixed
        if node.op_type in OF_SHAPES and node.input[0] in self._examples:
            known = {**known, node.input[0]: _any_values(self._examples[node.input[0]])}
        if can_fold(node, known):
            self._fixed |= folded(node, self._opsets, known)
        elif self._is_known(node):
            self._add_layer(node, name)
        elif node.op_type == "If" and node.input[0] in self._fixed:
            self._add_parts(branch_of(node, name, condition=bool(self._fixed[node.input[0]])))
        elif is_function(node, opset_of(self._model)) and not is_refused(node):
            self._add_function(node, name)
        else:
            self._lost.update(node.output)
            self._complain(of_operator(name, node))

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
            self._complain(of_operator(name, node))

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

    def _add_layer(self, node: Any, name: str) -> None:
        read = tuple(node.input)
        constants = {at: self._fixed[each] for at, each in enumerate(read) if each in self._fixed}
        for at, array in constants.items():
            if array.dtype.name not in FIXED:
                raise RefusedError(f"computes with '{read[at]}', which is {array.dtype.name}")
        described = OnnxNode(
            name,
            node.op_type,
            opset_of(self._model),
            _attributes(node),
            read,
            tuple(output if output in self._read else "" for output in node.output),
            constants,
        )
        step = Step(layer(described, OPERATORS[node.op_type]), read, tuple(node.output))
        results = self._results(step)
        self._steps.append(step)
        self._examples |= dict(zip(step.outputs, results, strict=False))

    def _results(self, step: Step) -> Sequence[torch.Tensor]:
        """Return a node's results for the examples of its inputs; refuse it if it fails."""
        values = [self._example(name) if name else None for name in step.inputs]
        try:
            with silent_torch(), self._mode, torch.no_grad():
                results: Sequence[torch.Tensor] = step.layer(*values)
        except RefusedError:
            raise
        except Exception as error:
            shapes = " and ".join(
                f"'{name}' ({shape_text(value.shape)})"
                for name, value in zip(step.inputs, values, strict=True)
                if value is not None
            )
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise RefusedError(f"cannot take {shapes}: {reason}") from error
        return results

    def _example(self, name: str) -> torch.Tensor:
        return self._tensor(name) if name in self._fixed else self._examples[name]

    def _tensor(self, name: str) -> torch.Tensor:
        """Return a tensor that does not depend on the inputs; always the same one."""
        if name not in self._tensors:
            # A copy: NumPy's array may be the file's memory, which cannot be written to.
            self._tensors[name] = torch.from_numpy(np.array(self._fixed[name]))
        return self._tensors[name]

    def _constants(self, outputs: Sequence[str]) -> dict[str, torch.Tensor]:
        """Return the fixed tensors that layers read or the model returns."""
        read = (name for step in self._steps for name in step.inputs)
        names = dict.fromkeys(name for name in (*read, *outputs) if name in self._fixed)
        return {name: self._tensor(name) for name in names}


def _name_of(node: Any) -> str:
    """Return a node's name; without one, its operator and its first output."""
    return node.name or "_".join((node.op_type, *list(filter(None, node.output))[:1]))


def _attributes(node: Any) -> dict[str, Any]:
    """Return name -> value of a node's attributes; texts are strings."""
    helper = import_onnx().helper
    found = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    # Lists are containers of protobuf.
    return [_plain(each) for each in value] if isinstance(value, Iterable) else value


def _any_values(example: torch.Tensor) -> np.ndarray:
    """Return an array of the shape and type of an example, without memory for its values."""
    kind = str(example.dtype).removeprefix("torch.")
    return np.broadcast_to(np.zeros((), kind), tuple(example.shape))
