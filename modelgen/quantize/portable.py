"""Export of the quantized model to a file that PyTorch can load without any part of this project.

    program = torch.export.load("quantized.pt2")
    outputs = program.module()(inputs)

Its inputs and outputs have the same form as those of the project's model, for one batch. Its
buffers are the INT8 weights, their scales, and the biases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelgen.ir.execute import run_nodes
from modelgen.ir.graph import Graph
from modelgen.operators.base import Shape

if TYPE_CHECKING:
    import torch

FILE_NAME = "quantized.pt2"


def save(graph: Graph, types: Sequence[str], path: Path) -> None:
    """Write a quantized graph as a `.pt2` file; equal graphs give equal bytes.

    Args:
        graph: a quantized graph.
        types: of the inputs that the project's model gets: "float32", "int64" or "bool" for each.
        path: of the file.
    """
    import torch

    examples = tuple(
        torch.zeros(_in_torch(graph, name), dtype=getattr(torch, kind))
        for name, kind in zip(graph.inputs, types, strict=True)
    )
    program = torch.export.export(to_module(graph), examples)
    for node in program.graph.nodes:
        # The stack trace contains paths of this installation.
        node.meta.pop("stack_trace", None)
    torch.export.save(program, path)


def _in_torch(graph: Graph, name: str) -> Shape:
    """Return the shape of an input in PyTorch."""
    shape = graph.tensors[name].shape
    order = graph.orders.get(name, tuple(range(len(shape))))
    return tuple(shape[order.index(axis)] for axis in range(len(shape)))


def to_module(graph: Graph) -> torch.nn.Module:
    """Return a module that computes a graph, with the graph's constants as its buffers."""
    import torch

    outputs = [graph.tensors[name] for name in graph.outputs]

    class QuantizedModel(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.names = _buffer_names(graph)
            for name, value in graph.constants.items():
                tensor = torch.from_numpy(np.ascontiguousarray(value))
                self.register_buffer(self.names[name], tensor)

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
            constants = {name: getattr(self, own) for name, own in self.names.items()}
            row = torch.cat(
                [_in_order(graph, *given) for given in zip(graph.inputs, inputs, strict=True)]
            )
            results = run_nodes(graph, constants, row).split([t.size for t in outputs])
            shaped = tuple(r.reshape(t.shape) for r, t in zip(results, outputs, strict=True))
            return shaped[0] if len(shaped) == 1 else shaped

    return QuantizedModel().eval()


def _in_order(graph: Graph, name: str, values: torch.Tensor) -> torch.Tensor:
    """Return an input's values in the device's order."""
    order = graph.orders.get(name, tuple(range(values.dim())))
    return values.float().permute(order).reshape(-1)


def _buffer_names(graph: Graph) -> dict[str, str]:
    """Return the name of each constant's buffer, which must be a valid attribute name."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for constant in graph.constants:
        name = f"value_{re.sub('[^0-9A-Za-z]', '_', constant)}"
        while name in taken:
            name += "_"
        taken.add(name)
        names[constant] = name
    return names
