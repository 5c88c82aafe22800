"""Small graphs for tests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from modelgen.graph import Graph, Node, Tensor


def perceptron(
    batch: int,
    sizes: Sequence[int],
    *,
    relu: Sequence[bool] | None = None,
    softmax: bool = False,
    seed: int = 0,
) -> Graph:
    """Return a float graph of linear layers; `relu` says which of them a ReLU follows."""
    generator = np.random.default_rng(seed)
    relu = relu or [True] * (len(sizes) - 2) + [False]
    tensors = {"x": Tensor("x", (batch, sizes[0]))}
    constants: dict[str, np.ndarray] = {}
    nodes: list[Node] = []
    last = "x"

    def add(name: str, op: str, columns: int, **fields: dict) -> None:
        nonlocal last
        tensors[name] = Tensor(name, (batch, columns))
        nodes.append(Node(name, op, (last,), name, **fields))
        last = name

    for index, (words, columns) in enumerate(pairwise(sizes)):
        name = f"fc{index}"
        constants[f"{name}.weight"] = generator.standard_normal((columns, words)).astype(np.float32)
        constants[f"{name}.bias"] = generator.standard_normal(columns).astype(np.float32)
        roles = {"weight": f"{name}.weight", "bias": f"{name}.bias"}
        add(name, "linear", columns, constants=roles)
        if relu[index]:
            add(f"relu{index}", "relu", columns)
    if softmax:
        add("softmax", "softmax", sizes[-1])
    return Graph("x", last, batch, tuple(nodes), tensors, constants)


def bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32).view(np.uint32)
