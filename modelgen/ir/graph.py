"""The compiler's graph: nodes that name the tensors they read and write.

Shapes contain the batch as their first dimension; feature maps are (batch, rows, columns,
channels). Tensors are contiguous and row-major, so a tensor of shape (..., C) is a matrix of `rows`
x `columns` for every operator that works on the last dimension. Graphs are never changed in place:
a pass returns a new one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

_FORMAT = 1


@dataclass(frozen=True)
class Tensor:
    """An FP32 activation tensor."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def columns(self) -> int:
        """Elements in the last dimension."""
        return self.shape[-1] if self.shape else 1

    @property
    def rows(self) -> int:
        """Product of all dimensions but the last."""
        return self.size // self.columns


@dataclass(frozen=True)
class Node:
    """One operator.

    Operators, their constants and attributes. Those of the float graph alone:

    - `conv2d`: `weight` FP32 (N, kh, kw, C / groups), and `bias` (N,) unless it has none.
      Attributes `stride` [y, x], `padding` [top, bottom, left, right], `dilation` [y, x], `groups`:
      1, or C = N (depthwise).
    - `linear`: `weight` FP32 (N, K), and `bias` (N,) unless it has none.
    - `dropout`.

    Those that the device runs:

    - `quantized_conv2d`, `quantized_linear`: as above with `weight` INT8, `scale` and `bias` (N,).
    - `max_pool2d`, `avg_pool2d`: attributes `kernel`, `stride`, `padding`. The average divides by
      all of the kernel, padding included.
    - `pointwise`: `scale` and `bias` FP32 (C,), or neither: batch-norm, addition, activations.
    - `softmax` over the last dimension; `argmax` over it; `reshape`, which moves nothing.
    - `permute`: attribute `axes`, the input's dimensions in their new order; the batch stays first.

    Convolutions, linear layers, pools and `pointwise` may have the attributes `residual` (true: the
    second input is added), `slope` (factor of negative values), `clamp` [low, high] (None: no
    bound), and convolutions `pool` [rows, columns], a max-pooling. Order: scale and bias, residual,
    slope, clamp, pool. `fused` has the names of merged layers.
    """

    name: str
    """Name of the layer in the model, such as "classifier.0"."""
    op: str
    inputs: tuple[str, ...]
    output: str
    constants: dict[str, str] = field(default_factory=dict)
    """Role of each constant -> its name in the graph's constants."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """Plain JSON values."""

    def with_attributes(self, **attributes: Any) -> Node:
        """Return the node with some attributes set."""
        return replace(self, attributes={**self.attributes, **attributes})


@dataclass(frozen=True)
class Graph:
    """A network with one input and one output; nodes are in an order in which they can run."""

    input: str
    output: str
    batch: int
    nodes: tuple[Node, ...]
    tensors: dict[str, Tensor]
    constants: dict[str, np.ndarray]
    flattened: tuple[int, ...] | None = None
    """Channels, rows, columns of the output's maps if they are flattened: PyTorch has the values
    in that order, the device with the channels last. None: both have the same order."""

    def constant(self, node: Node, role: str) -> np.ndarray | None:
        """Return a node's constant; None if it has none in that role."""
        name = node.constants.get(role)
        return None if name is None else self.constants[name]

    def producer(self, tensor: str) -> Node | None:
        """Return the node that writes a tensor; None for the graph's input."""
        return next((node for node in self.nodes if node.output == tensor), None)

    def consumers(self, tensor: str) -> list[Node]:
        """Return the nodes that read a tensor."""
        return [node for node in self.nodes if tensor in node.inputs]

    def with_nodes(self, nodes: Iterable[Node], **changes: Any) -> Graph:
        """Return the graph with other nodes; tensors and constants without a use are dropped."""
        changed = replace(self, nodes=tuple(nodes), **changes)
        named = {changed.input, changed.output}
        used: set[str] = set()
        for node in changed.nodes:
            named |= {node.output, *node.inputs}
            used |= set(node.constants.values())
        return replace(
            changed,
            tensors={name: t for name, t in changed.tensors.items() if name in named},
            constants={name: c for name, c in changed.constants.items() if name in used},
        )

    def without(self, node: Node) -> Graph:
        """Return the graph in which readers of the node's output read its input instead."""
        source = node.inputs[0]

        def rewire(other: Node) -> Node:
            inputs = tuple(source if name == node.output else name for name in other.inputs)
            return replace(other, inputs=inputs)

        kept = [rewire(other) for other in self.nodes if other is not node]
        output = source if self.output == node.output else self.output
        return self.with_nodes(kept, output=output)


def save(graph: Graph, folder: Path) -> None:
    """Write graph.json and constants.npz; the same graph gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "format": _FORMAT,
        "input": graph.input,
        "output": graph.output,
        "batch": graph.batch,
        "tensors": {name: list(tensor.shape) for name, tensor in graph.tensors.items()},
        "nodes": [
            {
                "name": node.name,
                "op": node.op,
                "inputs": list(node.inputs),
                "output": node.output,
                "constants": node.constants,
                "attributes": node.attributes,
            }
            for node in graph.nodes
        ],
        "flattened": graph.flattened,
    }
    (folder / "graph.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    np.savez(folder / "constants.npz", **graph.constants)


def load(folder: Path) -> Graph:
    """Read what `save` wrote."""
    document = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
    with np.load(folder / "constants.npz") as archive:
        constants = {name: archive[name] for name in archive.files}
    return Graph(
        input=document["input"],
        output=document["output"],
        batch=document["batch"],
        nodes=tuple(
            Node(
                name=node["name"],
                op=node["op"],
                inputs=tuple(node["inputs"]),
                output=node["output"],
                constants=node["constants"],
                attributes=node["attributes"],
            )
            for node in document["nodes"]
        ),
        tensors={name: Tensor(name, tuple(shape)) for name, shape in document["tensors"].items()},
        constants=constants,
        flattened=None if document["flattened"] is None else tuple(document["flattened"]),
    )
