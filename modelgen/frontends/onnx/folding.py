"""Values of a model that do not depend on its inputs, computed during the import.

Exporters write the arithmetic of shapes as nodes: Shape, Gather, Concat, Reshape. All sizes are
fixed here, so a Shape is a constant, and so is what follows from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from modelgen.frontends.nodes.builder import LARGEST_FIXED
from modelgen.frontends.nodes.node import RefusedError
from modelgen.frontends.onnx.package import import_onnx

OF_SHAPES = ("Shape", "Size", "EyeLike")
"""Operators that only take the shape and the type of their input."""
_NOT_CONSTANT = (
    *("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike"),
    *("RandomUniform", "RandomUniformLike"),
    *("If", "Loop", "Scan"),
)
"""Operators whose results are not fixed by their inputs, or that contain graphs."""

_MOST_SIZES = 64
"""Values of an input that can say how large a result is; one with more is none of sizes."""
_SMALLER = f"At most {LARGEST_FIXED} values are computed when the model is imported."


def can_fold(node: Any, known: Mapping[str, np.ndarray]) -> bool:
    """Return whether a node's results follow from what is known.

    Args:
        node: an onnx.NodeProto.
        known: name -> value of the tensors that do not depend on the model's inputs.
    """
    return node.op_type not in _NOT_CONSTANT and all(n in known for n in node.input if n)


def folded(
    node: Any, opsets: Mapping[str, int], known: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return name -> value of a node's results, by ONNX's own definition of its operator.

    Args:
        node: an onnx.NodeProto.
        opsets: domain -> version of its operators.
        known: values of its inputs.

    Raises:
        RefusedError: it cannot be computed.
    """
    onnx = import_onnx()
    helper = onnx.helper
    names = [name for name in dict.fromkeys(node.input) if name]
    outputs = [name for name in node.output if name]
    graph = helper.make_graph(
        [node],
        "constant",
        [helper.make_empty_tensor_value_info(name) for name in names],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    model = helper.make_model(graph, opset_imports=imports)
    _check_size(model, known)
    try:
        results = onnx.reference.ReferenceEvaluator(model).run(
            outputs, {name: known[name] for name in names}
        )
    except Exception as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise RefusedError(f"is constant and cannot be computed: {text}") from error
    return dict(zip(outputs, map(np.asarray, results), strict=True))


def _check_size(model: Any, known: Mapping[str, np.ndarray]) -> None:
    """Refuse a node whose results no memory would hold.

    Args:
        model: an onnx.ModelProto of one node.
        known: values of its inputs.
    """
    onnx = import_onnx()
    helper, typed = onnx.helper, type(model)()
    typed.CopyFrom(model)
    del typed.graph.input[:]
    for value in model.graph.input:
        array = known[value.name]
        if array.size <= _MOST_SIZES:
            typed.graph.initializer.append(onnx.numpy_helper.from_array(array, value.name))
        else:
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            typed.graph.input.append(helper.make_tensor_value_info(value.name, kind, array.shape))
    try:
        found = onnx.shape_inference.infer_shapes(typed, data_prop=True)
    except onnx.shape_inference.InferenceError:
        return
    for output in found.graph.output:
        sizes = [each.dim_value for each in output.type.tensor_type.shape.dim]
        if math.prod(sizes) > LARGEST_FIXED:
            text = "x".join(map(str, sizes))
            raise RefusedError(f"is constant and gives '{output.name}' the shape {text}", _SMALLER)
