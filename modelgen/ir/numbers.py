"""The numbers that integers at a network's inputs and outputs stand for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelgen.arithmetic.integer.quantization import OWN, Quantization
from modelgen.errors import ModelError
from modelgen.ir.graph import ElementType, Graph, Tensor
from modelgen.ir.packing import output_element


def quantized_inputs(graph: Graph, arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return samples in the types that a network takes: quantized, where those are integers.

    Args:
        graph: any stage of compilation.
        arrays: one for each input of the graph, in any order of dimensions.

    Raises:
        ModelError: an input has integers of another type, so that rounding would change them.
    """
    tensors = [graph.tensors[name] for name in graph.inputs]
    return tuple(_quantized(*pair) for pair in zip(tensors, arrays, strict=True))


def _quantized(tensor: Tensor, values: np.ndarray) -> np.ndarray:
    if tensor.element is ElementType.FP32 or (values.dtype.itemsize == 1 and values.dtype != bool):
        return values
    if values.dtype != np.float32 or tensor.quantization is None:
        raise ModelError(
            f"The model takes its input '{tensor.name}' as {values.dtype}, which INT8 cannot stand "
            "for. Set 'interface' to 'fp32'."
        )
    return tensor.quantization.quantize(values, OWN)


def has_own_integers(graph: Graph, module: np.ndarray) -> bool:
    """Return whether a network returns integers in place of the numbers of its module.

    Args:
        graph: any stage of compilation.
        module: outputs of the module or file that it was made of.
    """
    return output_element(graph) is ElementType.INT8 and module.dtype != np.int8


def numbers_of(graph: Graph, rows: np.ndarray) -> np.ndarray:
    """Return what integers of outputs stand for, FP32.

    Args:
        graph: any stage of compilation; its outputs are integers.
        rows: of samples, shape (samples, outputs); see `modelgen.ir.packing.rows_of_samples`.
    """
    parts = [meaning.dequantize(values) for values, meaning in _outputs(graph, rows)]
    return np.concatenate(parts, axis=1)


def in_steps(graph: Graph, rows: np.ndarray) -> np.ndarray:
    """Return numbers on the scale of the integers of outputs, not rounded to these, FP32.

    Args:
        graph: any stage of compilation; its outputs are integers.
        rows: numbers, shape (samples, outputs).
    """
    parts = [
        values / meaning.single + np.float32(meaning.zero_point)
        for values, meaning in _outputs(graph, rows)
    ]
    return np.concatenate(parts, axis=1)


def _outputs(graph: Graph, rows: np.ndarray) -> list[tuple[np.ndarray, Quantization]]:
    """Return the columns of each output, and what its integers stand for."""
    tensors = [graph.tensors[name] for name in graph.outputs]
    ends = np.cumsum([tensor.size // graph.batch for tensor in tensors])[:-1]
    meanings = [tensor.quantization for tensor in tensors]
    known = [meaning for meaning in meanings if meaning is not None]
    return list(zip(np.split(rows, ends, axis=1), known, strict=True))
