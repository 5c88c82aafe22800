"""Graphs on disk: graph.json and constants.npz."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from modelgen import operators
from modelgen.arithmetic.integer.quantization import Quantization
from modelgen.ir.graph import Contract, ElementType, Graph, Node, Tensor

_FORMAT = 4
_BY_NAME = {operator.name: operator for operator in operators.ALL}


def save(graph: Graph, folder: Path) -> None:
    """Write graph.json and constants.npz; equal graphs give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "format": _FORMAT,
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "batch": graph.batch,
        "contract": graph.contract.value,
        "tensors": {name: _tensor(tensor) for name, tensor in graph.tensors.items()},
        "nodes": [_node(node) for node in graph.nodes],
        "orders": graph.orders,
    }
    (folder / "graph.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    np.savez(folder / "constants.npz", allow_pickle=False, **graph.constants)


def _tensor(tensor: Tensor) -> dict[str, Any]:
    plain: dict[str, Any] = {"shape": list(tensor.shape), "element": tensor.element.value}
    if tensor.quantization is not None:
        plain["quantization"] = _plain(tensor.quantization)
    return plain


def _node(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "operator": node.operator.name,
        "attributes": _plain(node.operator),
        "inputs": list(node.inputs),
        "output": node.output,
        "constants": node.constants,
        "fused": list(node.fused),
    }


def _plain(value: Any) -> Any:
    """Return a record as plain values for JSON."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def load(folder: Path) -> Graph:
    """Read what `save` wrote."""
    document = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
    with np.load(folder / "constants.npz") as archive:
        constants = {name: archive[name] for name in archive.files}
    return Graph(
        inputs=tuple(document["inputs"]),
        outputs=tuple(document["outputs"]),
        batch=document["batch"],
        nodes=tuple(
            Node(
                name=node["name"],
                operator=_record(_BY_NAME[node["operator"]], node["attributes"]),
                inputs=tuple(node["inputs"]),
                output=node["output"],
                constants=node["constants"],
                fused=tuple(node["fused"]),
            )
            for node in document["nodes"]
        ),
        tensors={name: _tensor_from(name, tensor) for name, tensor in document["tensors"].items()},
        constants=constants,
        orders={name: tuple(order) for name, order in document["orders"].items()},
        contract=Contract(document["contract"]),
    )


def _tensor_from(name: str, plain: dict[str, Any]) -> Tensor:
    given = plain.get("quantization")
    quantization = None if given is None else _record(Quantization, given)
    return Tensor(name, tuple(plain["shape"]), ElementType(plain["element"]), quantization)


def _record(kind: type[Any], values: dict[str, Any]) -> Any:
    """Return a record from the plain values in JSON."""
    types = get_type_hints(kind)
    made = {}
    for name, value in values.items():
        if is_dataclass(types[name]):
            made[name] = _record(types[name], value)
        elif isinstance(types[name], type) and issubclass(types[name], Enum):
            made[name] = types[name](value)
        else:
            made[name] = _tuples(value)
    return kind(**made)


def _tuples(value: Any) -> Any:
    """Return lists as tuples, those inside them too."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
