"""A model in a file as a module: a layer for each node, named like it."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from modelgen.frontends.nodes.node import FileNode

Function = Callable[..., Any]
"""Computes the result of a node, or a tuple of its results, from the node and its inputs."""


class NodeLayer(nn.Module):
    """A node; its class is named after the operator, see `layer`."""

    def __init__(self, node: FileNode, function: Function) -> None:
        """Keep the node, and the function of its operator."""
        super().__init__()
        self.node, self.function = node, function

    def forward(self, *values: torch.Tensor | None) -> tuple[torch.Tensor, ...]:
        """Return the node's results; an input that is left out is None."""
        results = self.function(self.node, *values)
        return results if isinstance(results, tuple) else (results,)


@cache
def _class_of(operator: str) -> type[NodeLayer]:
    return type(operator, (NodeLayer,), {"__module__": __name__})


def layer(node: FileNode, function: Function) -> NodeLayer:
    """Return the layer of a node, of a class that has the name of its operator."""
    return _class_of(node.operator)(node, function)


@dataclass(frozen=True)
class Step:
    """A node's place in the model."""

    layer: NodeLayer
    inputs: tuple[str, ...]
    """Names of tensors; "" for one that is left out."""
    outputs: tuple[str, ...]
    """Names of tensors; "" for one that nothing reads."""


class NodeModule(nn.Module):
    """Computes what the nodes of a file do, one by one."""

    def __init__(
        self,
        inputs: Sequence[str],
        outputs: Sequence[str],
        steps: Sequence[Step],
        constants: dict[str, torch.Tensor],
    ) -> None:
        """Make a module of the steps.

        Args:
            inputs: tensors that forward() gets, in order.
            outputs: tensors that it returns, in order.
            steps: in an order in which each finds what it reads.
            constants: name -> value of the tensors that the steps read and that do not depend on
                the inputs. They are buffers of these names.
        """
        super().__init__()
        self._inputs, self._outputs, self._steps = tuple(inputs), tuple(outputs), tuple(steps)
        layers = [step.layer for step in steps]
        # Those whose names have fewer dots contain others.
        for each in sorted(layers, key=lambda each: each.node.name.count(".")):
            owner, path = self._place(each.node.name)
            owner.add_module(_last(path), each)
        self._paths: dict[str, str] = {}
        for name, value in constants.items():
            owner, self._paths[name] = self._place(name)
            owner.register_buffer(_last(self._paths[name]), value)

    def forward(self, *arguments: torch.Tensor) -> Any:
        """Return the model's output, or its outputs as a tuple."""
        values: dict[str, Any] = {"": None}
        values |= {name: self.get_buffer(path) for name, path in self._paths.items()}
        values |= dict(zip(self._inputs, arguments, strict=True))
        for step in self._steps:
            results = step.layer(*(values[name] for name in step.inputs))
            pairs = zip(step.outputs, results, strict=False)
            values |= {name: result for name, result in pairs if name}
        returned = tuple(values[name] for name in self._outputs)
        return returned[0] if len(returned) == 1 else returned

    def _place(self, name: str) -> tuple[nn.Module, str]:
        """Return the module that a name belongs into, and its path from here.

        Dots in a name divide it, as in the names of torch.nn.
        """
        *above, last = (part or "_" for part in name.split("."))
        owner: nn.Module = self
        path = []
        for part in above:
            if part not in owner._modules:
                part = _free(owner, part)
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
            path.append(part)
        return owner, ".".join((*path, _free(owner, last)))


def module_class(inputs: Sequence[str]) -> type[NodeModule]:
    """Return the class of a module whose forward() has arguments of these names.

    torch.export names the inputs of a program after them.
    """

    def forward(self: NodeModule, *arguments: torch.Tensor) -> Any:
        return NodeModule.forward(self, *arguments)

    names = dict.fromkeys(("self", *(_identifier(name) for name in inputs)))
    if len(names) == 1 + len(inputs):
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(name, kind) for name in names]
        forward.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return type("NodeModule", (NodeModule,), {"forward": forward})


def _identifier(name: str) -> str:
    """Return a name with other characters than those of Python's names replaced."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"input_{plain}" if not plain.isidentifier() or keyword.iskeyword(plain) else plain


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _free(owner: nn.Module, name: str) -> str:
    """Return a name that a module has no attribute of yet."""
    while hasattr(owner, name):
        name += "_"
    return name
