"""Operators that ONNX itself defines by others: nodes of them stand for several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from modelgen.frontends.onnx.package import import_onnx


def is_function(node: Any, opset: int) -> bool:
    """Return whether ONNX defines a node's operator by others.

    Args:
        node: an onnx.NodeProto.
        opset: the version of the operators.
    """
    defs = import_onnx().defs
    if node.domain not in ("", "ai.onnx") or not defs.has(node.op_type):
        return False
    try:
        schema = defs.get_schema(node.op_type, opset)
    except defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


def expanded(
    node: Any, name: str, opsets: Mapping[str, int], inputs: Mapping[str, np.ndarray]
) -> Iterator[tuple[Any, str]]:
    """Yield the nodes that a node stands for, and a name for each that begins with the node's.

    Args:
        node: an onnx.NodeProto.
        name: of the node.
        opsets: domain -> version of its operators.
        inputs: name -> array of the type and shape of each of its inputs.
    """
    onnx = import_onnx()
    helper = onnx.helper
    types = {each: helper.np_dtype_to_tensor_dtype(value.dtype) for each, value in inputs.items()}
    graph = helper.make_graph(
        [node],
        "function",
        [helper.make_tensor_value_info(each, types[each], inputs[each].shape) for each in inputs],
        [helper.make_empty_tensor_value_info(each) for each in node.output if each],
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    model = helper.make_model(graph, opset_imports=imports)
    chosen = [(node.domain, node.op_type)]
    whole = onnx.inliner.inline_selected_functions(model, chosen, inline_schema_functions=True)
    known = {"", *node.input, *node.output}
    for part in whole.graph.node:
        for names in (part.input, part.output):
            names[:] = [each if each in known else f"{name}/{each}" for each in names]
        yield part, f"{name}/{part.op_type}"
