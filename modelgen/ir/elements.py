"""The elements of what a node writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from modelgen.ir.graph import ElementType, Tensor
from modelgen.operators import Operator, Quantize


def tensor_of(
    name: str,
    operator: Operator,
    inputs: Sequence[Tensor],
    constants: Mapping[str, np.ndarray],
) -> Tensor:
    """Return the tensor that an operator of a float graph writes.

    It is FP32, except behind Quantize and what moves its results.

    Args:
        name: of the tensor.
        operator: what computes it.
        inputs: what the operator reads.
        constants: of the node, by role.
    """
    shape = operator.infer_shape([tensor.shape for tensor in inputs], constants)
    if isinstance(operator, Quantize):
        return Tensor(name, shape, ElementType.INT8, operator.quantization)
    if operator.keeps_values:
        return Tensor(name, shape, inputs[0].element, inputs[0].quantization)
    return Tensor(name, shape)
