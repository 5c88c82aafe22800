"""A module under construction: nodes that depend on the inputs become layers, others values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch._subclasses import FakeTensorMode

from modelgen.frontends.nodes.module import Function, NodeModule, Step, layer, module_class
from modelgen.frontends.nodes.node import LARGEST, FileNode, RefusedError
from modelgen.frontends.nodes.refusals import merged, of_model
from modelgen.frontends.torch_export.arguments import Argument
from modelgen.frontends.torch_export.complaints import Complaint
from modelgen.frontends.torch_export.importer import UnsupportedError
from modelgen.frontends.torch_export.tracing import shape_text, silent_torch

FIXED = ("float32", "int8", "uint8", "int16", "uint16", "int32", "int64", "bool")
"""Types of NumPy that a constant can have which values that depend on the inputs meet."""
LARGEST_FIXED = 2**27
"""Values that a node may give which do not depend on the inputs: 512 MiB of FP32."""

Recognize = Callable[[list[Step], Sequence[str], Mapping[str, int]], list[Step]]
"""Joins steps of a model, given its outputs and the ranks of its tensors."""


@dataclass(frozen=True)
class Network:
    """A module that computes what a file does."""

    module: NodeModule
    arguments: tuple[Argument, ...]
    """What forward() gets, in the order of `inputs`."""
    inputs: tuple[str, ...]
    """Names of the inputs in the file."""
    batch: int
    """Samples that one inference takes."""


class ModuleBuilder:
    """Layers, tensors and complaints so far."""

    def __init__(self, complaints: Sequence[Complaint] = ()) -> None:
        """Begin with the complaints about the model as a whole."""
        self.fixed: dict[str, np.ndarray] = {}
        """Tensors that do not depend on the inputs."""
        self.examples: dict[str, torch.Tensor] = {}
        """Tensor that depends on the inputs -> a tensor without memory, of its shape and type."""
        self.lost: set[str] = set()
        """Tensors that nothing is known of, because what computes them is refused."""
        self.complaints = list(complaints)
        self._tensors: dict[str, torch.Tensor] = {}
        self._mode = FakeTensorMode(allow_non_fake_inputs=True)
        self._names: set[str] = set()
        self._steps: list[Step] = []
        self._dequantized: dict[str, Step] = {}
        """Tensor that does not depend on the inputs -> what computes it from integers."""
        self._inputs: dict[str, Argument] = {}
        self._values = 0
        """Elements of all examples."""

    def add_input(self, name: str, shape: Sequence[int], kind: str) -> None:
        """Add an input of the model, of a type of PyTorch: "float32"."""
        self._count("has", shape)
        with self._mode:
            self.examples[name] = torch.empty(tuple(shape), dtype=getattr(torch, kind))
        self._inputs[name] = Argument(tuple(shape[1:]), kind)

    def knows(self, name: str) -> bool:
        """Return whether a tensor is an input, a constant, or computed by a node so far."""
        return name in self.examples or name in self.fixed or name in self.lost

    def free_name(self, wanted: str) -> str:
        """Return a name for a node, to which a number is added if another node has it."""
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return name

    def fixed_inputs(self, names: Sequence[str]) -> dict[int, np.ndarray]:
        """Return position -> value of the inputs of a node that do not depend on the model's."""
        return {at: self.fixed[name] for at, name in enumerate(names) if name in self.fixed}

    def add_fixed(self, node: FileNode, function: Function) -> None:
        """Compute a node's results, which do not depend on values of the model's inputs.

        Args:
            node: of the file.
            function: of its operator.

        Raises:
            RefusedError: it cannot be computed, or no memory would hold the results.
        """
        step = Step(layer(node, function), node.inputs, node.outputs)
        if sum(math.prod(result.shape) for result in self._results(step)) > LARGEST_FIXED:
            raise RefusedError(f"gives more than {LARGEST_FIXED} constant values")
        values = [self._example(name) if name else None for name in step.inputs]
        with torch.no_grad():
            results = step.layer(*values)
        pairs = zip(step.outputs, results, strict=False)
        self.fixed |= {name: result.numpy().copy() for name, result in pairs if name}

    def add_dequantized(self, node: FileNode, function: Function) -> None:
        """Compute a constant that the model keeps as integers, such as weights.

        Layers read it as if it were in FP32, but the module computes it from the integers, which an
        importer finds there.

        Args:
            node: of the file; its first input has the integers.
            function: of its operator.

        Raises:
            RefusedError: it cannot be computed.
        """
        _check_types(node)
        step = Step(layer(node, function), node.inputs[:1], node.outputs)
        (values,) = step.layer(self._tensor(node.inputs[0]))
        self.fixed[node.outputs[0]] = values.numpy()
        self._dequantized[node.outputs[0]] = step

    def add_layer(self, node: FileNode, function: Function) -> None:
        """Add a layer that computes a node's results.

        Args:
            node: of the file, with the constants that it reads.
            function: of its operator.

        Raises:
            RefusedError: it cannot be computed.
        """
        _check_types(node)
        step = Step(layer(node, function), node.inputs, node.outputs)
        for name, result in zip(node.outputs, self._results(step), strict=False):
            if name:
                self._count(f"gives '{name}'", result.shape)
                self.examples[name] = result
        self._steps.append(step)

    def network(self, outputs: Sequence[str], batch: int, recognize: Recognize) -> Network:
        """Return the network of all layers so far.

        Args:
            outputs: names of the tensors that it returns.
            batch: samples that one inference takes.
            recognize: joins steps.

        Raises:
            UnsupportedError: there are complaints; the message has all of them.
        """
        for output in outputs:
            if not self.knows(output):
                problem = of_model(f"The output '{output}' is not computed by any node")
                self.complaints.append(problem)
        if self.complaints:
            raise UnsupportedError(merged(self.complaints))
        names, arguments = tuple(self._inputs), tuple(self._inputs.values())
        ranks = {name: example.dim() for name, example in self.examples.items()}
        steps = recognize(self._steps, outputs, ranks)
        steps = [*self._of_integers(steps, outputs), *steps]
        constants = self._constants(steps, outputs)
        module = module_class(names)(names, outputs, steps, constants)
        return Network(module.eval(), arguments, names, batch)

    def _of_integers(self, steps: Sequence[Step], outputs: Sequence[str]) -> list[Step]:
        """Return the layers that make constants of integers, as far as others read them."""
        read = {*outputs, *(name for step in steps for name in step.inputs)}
        for name in self._dequantized:
            self.fixed.pop(name)
        return [step for name, step in self._dequantized.items() if name in read]

    def _count(self, what: str, shape: Sequence[int]) -> None:
        """Add to the size of all examples; refuse what no memory would hold.

        `what` gives a tensor this shape: "has", for an input, or "gives 'y'".
        """
        self._values += math.prod(shape)
        if self._values > LARGEST:
            raise RefusedError(
                f"{what} the shape {shape_text(shape)}: all tensors together have more than "
                f"{LARGEST} values, which are {4 * LARGEST >> 30} GiB"
            )

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
        return self._tensor(name) if name in self.fixed else self.examples[name]

    def _tensor(self, name: str) -> torch.Tensor:
        """Return a tensor that does not depend on the inputs; always the same one."""
        if name not in self._tensors:
            # A copy: NumPy's array may be the file's memory, which cannot be written to.
            self._tensors[name] = torch.from_numpy(np.array(self.fixed[name]))
        return self._tensors[name]

    def _constants(self, steps: Sequence[Step], outputs: Sequence[str]) -> dict[str, Any]:
        """Return the fixed tensors that layers read or the model returns."""
        read = (name for step in steps for name in step.inputs)
        names = dict.fromkeys(name for name in (*read, *outputs) if name in self.fixed)
        return {name: self._tensor(name) for name in names}


def _check_types(node: FileNode) -> None:
    """Refuse a node that computes with a constant of a type that values do not meet."""
    for at, array in node.constants.items():
        if array.dtype.name not in FIXED:
            raise RefusedError(f"computes with '{node.inputs[at]}', which is {array.dtype}")
