"""LiteRT's reference kernels, and graphs beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modelgen.frontends.tflite.importer import import_model
from modelgen.frontends.tflite.runtime import Reference
from modelgen.ir.execute_exact import run_layers


def check(path: Path, inferences: Sequence[Sequence[np.ndarray]]) -> dict[str, np.ndarray]:
    """Compare every tensor of every inference, bit for bit; return those of the last one.

    Args:
        path: of a model.
        inferences: the inputs of each, in their shapes and types.
    """
    imported, reference = import_model(path), Reference(path)
    graph = imported.graph
    tensors: dict[str, np.ndarray] = {}
    for inputs in inferences:
        reference.run(inputs)
        tensors = run_layers(graph, dict(zip(graph.inputs, inputs, strict=True)), 8)
        compared = {node.output for node in graph.nodes} & imported.indices.keys()
        assert compared.issuperset(graph.outputs)
        for name in compared:
            expected = reference.tensor(imported.indices[name])
            assert tensors[name].dtype == expected.dtype
            np.testing.assert_array_equal(tensors[name], expected, err_msg=name)
    return tensors


def int8_inputs(
    random: np.random.Generator, shape: Sequence[int], count: int = 3
) -> list[list[np.ndarray]]:
    """Return inputs of inferences of models with one INT8 input: random and extreme values."""
    drawn = [random.integers(-128, 128, shape) for _ in range(count)]
    drawn += [np.full(shape, value) for value in (-128, 127)]
    drawn += [random.choice([-128, 127], shape)]
    return [[values.astype(np.int8)] for values in drawn]


def scale(random: np.random.Generator, low: float = -7.0, high: float = -3.0) -> float:
    """Return an FP32 scale between powers of two, every third a power of two."""
    exponent = random.uniform(low, high)
    return float(np.float32(2.0 ** (round(exponent) if random.integers(3) == 0 else exponent)))
