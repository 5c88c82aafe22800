"""Inputs and outputs of inferences as rows: what one inference takes or returns, in one array.

The user's inputs are arrays of samples in PyTorch's order. An inference takes a batch of them; in
its row, the model's inputs follow each other, each in the device's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from modelgen.arithmetic.fp32 import canonicalize
from modelgen.errors import ModelError
from modelgen.ir.graph import ElementType, Graph
from modelgen.samples import by_sample


def input_words(graph: Graph) -> int:
    """Return the number of values in the row of an inference's inputs."""
    return sum(graph.tensors[name].size for name in graph.inputs)


def output_words(graph: Graph) -> int:
    """Return the number of values in the row of an inference's outputs."""
    return sum(graph.tensors[name].size for name in graph.outputs)


def input_element(graph: Graph) -> ElementType:
    """Return the type of the values in the row of an inference's inputs."""
    return _element(graph, graph.inputs, "inputs")


def output_element(graph: Graph) -> ElementType:
    """Return the type of the values in the row of an inference's outputs."""
    return _element(graph, graph.outputs, "outputs")


def _element(graph: Graph, names: Sequence[str], what: str) -> ElementType:
    elements = {name: graph.tensors[name].element for name in names}
    if len(set(elements.values())) > 1:
        listing = ", ".join(f"{name} is {element.value}" for name, element in elements.items())
        raise ModelError(
            f"The model's {what} have different types: {listing}. Convert it so that all have the "
            "same type."
        )
    return elements[names[0]]


def row_bytes(graph: Graph) -> tuple[int, int]:
    """Return the bytes of an inference's inputs, and of its outputs."""
    return (
        input_element(graph).bytes * input_words(graph),
        output_element(graph).bytes * output_words(graph),
    )


def input_offsets(graph: Graph) -> dict[str, int]:
    """Return where each input begins in the row of an inference's inputs."""
    return _offsets(graph, graph.inputs)


def output_offsets(graph: Graph) -> dict[str, int]:
    """Return where each output begins in the row of an inference's outputs."""
    return _offsets(graph, graph.outputs)


def _offsets(graph: Graph, names: Sequence[str]) -> dict[str, int]:
    ends = accumulate((graph.tensors[name].size for name in names), initial=0)
    return dict(zip(names, ends, strict=False))


def pack_inputs(graph: Graph, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return the rows of samples; the last batch is padded with the first samples.

    Args:
        graph: any stage of compilation.
        arrays: one for each input of the graph, shape (samples, features...), in PyTorch's order.

    Returns:
        Of the inputs' type, shape (inferences, `input_words`). Every NaN is the canonical one: the
        engine has no other, so bits would depend on where layers run.
    """
    parts = []
    element = input_element(graph)
    for name, array in zip(graph.inputs, arrays, strict=True):
        chosen = np.arange(-(-len(array) // graph.batch) * graph.batch) % len(array)
        values = as_int8(array) if element is ElementType.INT8 else array
        samples = np.asarray(values, element.dtype)[chosen]
        batches = samples.reshape(-1, graph.batch, *array.shape[1:])
        order = graph.orders.get(name, range(batches.ndim - 1))
        moved = batches.transpose(0, *(axis + 1 for axis in order))
        parts.append(moved.reshape(len(batches), -1))
    rows = np.concatenate(parts, axis=1)
    return canonicalize(rows) if element is ElementType.FP32 else rows


def as_int8(array: np.ndarray) -> np.ndarray:
    """Return integers of UINT8 as ours, which are INT8: 128 less; all others as they are."""
    return (array ^ 0x80).view(np.int8) if array.dtype == np.uint8 else array


def unpack_inputs(graph: Graph, row: np.ndarray) -> dict[str, np.ndarray]:
    """Return the inputs of one inference by name, in the shapes of their tensors."""
    return _unpacked(graph, graph.inputs, row)


def unpack_outputs(graph: Graph, row: np.ndarray) -> dict[str, np.ndarray]:
    """Return the outputs of one inference by name, in the shapes of their tensors."""
    return _unpacked(graph, graph.outputs, row)


def _unpacked(graph: Graph, names: Sequence[str], row: np.ndarray) -> dict[str, np.ndarray]:
    sizes = [graph.tensors[name].size for name in names]
    parts = np.split(np.asarray(row).reshape(-1), np.cumsum(sizes)[:-1])
    return {
        name: part.reshape(graph.tensors[name].shape)
        for name, part in zip(names, parts, strict=True)
    }


def pack_outputs(graph: Graph, tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the row of one inference's outputs; the reverse of `unpack_outputs`."""
    return np.concatenate([tensors[name].reshape(-1) for name in graph.outputs])


def rows_of_samples(graph: Graph, rows: np.ndarray) -> np.ndarray:
    """Return outputs with a row for each sample instead of each inference.

    Args:
        graph: any stage of compilation.
        rows: shape (inferences, `output_words`).

    Returns:
        Shape (inferences * batch, outputs): the outputs of a sample, one after another.
    """
    sizes = [graph.tensors[name].size // graph.batch for name in graph.outputs]
    return by_sample(rows, sizes, graph.batch)
