"""Export of the quantized model to a file that PyTorch can load without any part of this project.

    program = torch.export.load("quantized.pt2")
    outputs = program.module()(inputs)

Its inputs and outputs have the same form as those of the project's model, for any number of inputs:
feature maps are (batch, channels, rows, columns). Its buffers are the INT8 weights, their scales,
and the biases.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelgen.ir.execute import run_nodes
from modelgen.ir.graph import Graph

if TYPE_CHECKING:
    import torch

FILE_NAME = "quantized.pt2"


def save(graph: Graph, path: Path) -> None:
    """Write a quantized graph as a `.pt2` file; equal graphs give equal bytes."""
    import torch

    # Two batches, because the size of one could be mistaken for a constant of the model.
    shape = graph.tensors[graph.input].shape
    example = to_torch(torch.zeros(2 * graph.batch, *shape[1:]))
    count = torch.export.Dim("inputs", min=1)
    program = torch.export.export(to_module(graph), (example,), dynamic_shapes=({0: count},))
    for node in program.graph.nodes:
        # The stack trace contains paths of this installation.
        node.meta.pop("stack_trace", None)
    torch.export.save(program, path)


def to_torch(values: torch.Tensor) -> torch.Tensor:
    """Return values with the channels of feature maps second."""
    return values.permute(0, 3, 1, 2) if values.dim() == 4 else values


def to_device(values: torch.Tensor) -> torch.Tensor:
    """Return values with the channels of feature maps last."""
    return values.permute(0, 2, 3, 1) if values.dim() == 4 else values


def to_module(graph: Graph) -> torch.nn.Module:
    """Return a module that computes a graph, with the graph's constants as its buffers."""
    import torch

    class QuantizedModel(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.names = _buffer_names(graph)
            for name, value in graph.constants.items():
                tensor = torch.from_numpy(np.ascontiguousarray(value))
                self.register_buffer(self.names[name], tensor)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            constants = {name: getattr(self, own) for name, own in self.names.items()}
            outputs = run_nodes(graph, constants, to_device(inputs))
            if graph.flattened is None:
                return to_torch(outputs)
            channels, *size = graph.flattened
            return to_torch(outputs.unflatten(-1, (*size, channels))).flatten(1)

    return QuantizedModel().eval()


def _buffer_names(graph: Graph) -> dict[str, str]:
    """Return the name of each constant's buffer, which must be a valid attribute name."""
    names: dict[str, str] = {}
    for constant in graph.constants:
        name = f"value_{re.sub('[^0-9A-Za-z]', '_', constant)}"
        while name in names.values():
            name += "_"
        names[constant] = name
    return names
