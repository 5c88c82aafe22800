"""Nodes that stand for several: operators that ONNX defines by others, and chosen branches."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
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
    if node.domain or not defs.has(node.op_type):
        return False
    try:
        schema = defs.get_schema(node.op_type, opset)
    except defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


def expanded(
    node: Any, name: str, opsets: Mapping[str, int], inputs: Mapping[str, np.ndarray]
) -> list[tuple[Any, str]]:
    """Return the nodes that a node stands for, and a name for each that begins with the node's.

    There are none if their definition needs a newer opset, or optional inputs.

    Args:
        node: an onnx.NodeProto whose operator is a function.
        name: of the node.
        opsets: domain -> version of its operators.
        inputs: name -> array of the type and shape of each of its inputs.
    """
    onnx = import_onnx()
    helper = onnx.helper
    types = {each: helper.np_dtype_to_tensor_dtype(value.dtype) for each, value in inputs.items()}
    graph = helper.make_graph(
        [_with_defaults(node, opsets[""])],
        "function",
        [helper.make_tensor_value_info(each, types[each], inputs[each].shape) for each in inputs],
        [helper.make_empty_tensor_value_info(each) for each in node.output if each],
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    model = helper.make_model(graph, opset_imports=imports)
    chosen = [(node.domain, node.op_type)]
    try:
        whole = onnx.inliner.inline_selected_functions(model, chosen, inline_schema_functions=True)
    except RuntimeError:
        return []
    parts = list(whole.graph.node)
    if any(part.op_type == node.op_type for part in parts):
        return []
    _rename(parts, _inside(parts, name, {*node.input, *node.output}))
    return [(part, f"{name}/{part.op_type}") for part in parts]


def _with_defaults(node: Any, opset: int) -> Any:
    """Return a node with all attributes that have defaults: its definition refers to them."""
    full = copy.deepcopy(node)
    given = {each.name for each in node.attribute}
    schema = import_onnx().defs.get_schema(node.op_type, opset)
    full.attribute.extend(
        attribute.default_value
        for name, attribute in schema.attributes.items()
        if name not in given and attribute.default_value.name
    )
    return full


def branch_of(node: Any, name: str, *, condition: bool) -> list[tuple[Any, str]]:
    """Return the nodes of the branch that an If takes, and a name for each.

    Args:
        node: an onnx.NodeProto of the operator If.
        name: of the node.
        condition: which does not depend on the model's inputs.
    """
    helper = import_onnx().helper
    graphs = {each.name: each.g for each in node.attribute}
    graph = graphs["then_branch" if condition else "else_branch"]
    parts = [
        *(helper.make_node("Constant", [], [each.name], value=each) for each in graph.initializer),
        *copy.deepcopy(list(graph.node)),
    ]
    new = _inside(parts, name, set())
    _rename(parts, new)
    parts += [
        helper.make_node("Identity", [new.get(inner.name, inner.name)], [outer])
        for inner, outer in zip(graph.output, node.output, strict=True)
    ]
    return [(part, f"{name}/{part.name or part.op_type}") for part in parts]


def _inside(parts: Sequence[Any], name: str, others: set[str]) -> dict[str, str]:
    """Return new names, which begin with a node's, of the tensors that some nodes compute."""
    made = {each for part in parts for each in part.output if each} - others
    return {each: f"{name}/{each}" for each in made}


def _rename(parts: Iterable[Any], new: Mapping[str, str]) -> None:
    """Give tensors new names, in nodes and the graphs inside them."""
    for part in parts:
        for names in (part.input, part.output):
            names[:] = [new.get(each, each) for each in names]
        for attribute in part.attribute:
            _rename(attribute.g.node, new)
