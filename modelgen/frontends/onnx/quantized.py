"""Quantized operators as what they stand for: DequantizeLinear, the operator, QuantizeLinear.

Models of `QuantFormat.QOperator` have operators on integers, those of `QuantFormat.QDQ` the longer
form, which ONNX Runtime makes the shorter one when it loads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelgen.frontends.onnx.package import import_onnx

Named = tuple[Any, str]
"""An onnx.NodeProto, and its name."""
_OWN_DOMAIN = "com.microsoft"
_MOVING = (
    *("DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "Pad", "Reshape"),
    *("Resize", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"),
)
"""Operators that work on integers as they are, and keep their scale."""
_FUNCTIONS = {
    "QLinearAveragePool": "AveragePool",
    "QLinearGlobalAveragePool": "GlobalAveragePool",
    "QLinearLeakyRelu": "LeakyRelu",
    "QLinearReduceMean": "ReduceMean",
    "QLinearSigmoid": "Sigmoid",
    "QLinearSoftmax": "Softmax",
}
"""Operators (x, scale, zero point, scale and zero point of the result)."""
_PAIRS = {"QLinearAdd": "Add", "QLinearMul": "Mul"}
"""Operators (x, scale, zero point, the same for y, scale and zero point of the result)."""
_NOT_OF_ONNX = ("channels_last", "opset")
"""Attributes that only the quantized form has."""

Scale = tuple[str, str]
"""Names of scale and zero point; "" for a zero point that is left out."""


def in_long_form(model: Any, fixed: Mapping[str, np.ndarray]) -> Iterator[Named]:
    """Yield the nodes of a model, quantized operators as what they stand for.

    INT8 tensors become UINT8 where ONNX Runtime makes them that.

    Args:
        model: an onnx.ModelProto.
        fixed: name -> value of its initializers.
    """
    fixed = {**fixed, **_constants(model)}
    unsigned = set(_unsigned(model, fixed))
    scales = dict[str, Scale]()
    for node in model.graph.node:
        name = node.name or "_".join((node.op_type, *list(filter(None, node.output))[:1]))
        for part, own in _parts(_Writer(name, fixed, scales), node):
            if part.op_type == "QuantizeLinear":
                scales[part.output[0]] = part.input[1], (*part.input, "")[2]
            yield from _with_unsigned(part, own, unsigned, fixed)


@dataclass
class _Writer:
    """The nodes that one node stands for."""

    name: str
    fixed: Mapping[str, np.ndarray]
    scales: Mapping[str, Scale]
    """Integer tensor -> its scale."""
    parts: list[Named] = field(default_factory=list)

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node that belongs to the one that is written; return its output."""
        helper = import_onnx().helper
        own = self.name if not operator.endswith("Linear") else f"{output}/{operator}"
        node = helper.make_node(operator, list(inputs), [output], own, **attributes)
        self.parts.append((node, own))
        return output

    def floats(self, tensor: str, scale: Scale, **attributes: Any) -> str:
        """Add a DequantizeLinear; return the FP32 tensor."""
        output = f"{self.name}/{len(self.parts)}/{tensor}"
        return self.add("DequantizeLinear", _inputs(tensor, scale), output, **attributes)

    def integers(self, tensor: str, scale: Scale, output: str) -> None:
        """Add a QuantizeLinear."""
        self.add("QuantizeLinear", _inputs(tensor, scale), output)

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add a constant; return its name."""
        proto = import_onnx().numpy_helper.from_array(values, name)
        return self.add("Constant", [], name, value=proto)


def _inputs(tensor: str, scale: Scale) -> list[str]:
    return [tensor, *(name for name in scale if name)]


def _parts(to: _Writer, node: Any) -> list[Named]:
    """Return what a node stands for, with names."""
    least, expand = _EXPANSIONS.get(node.op_type, (0, None))
    if expand is not None and node.domain in ("", _OWN_DOMAIN) and _is_known(to, node, least):
        expand(to, node)
        return to.parts
    if node.op_type in _MOVING and node.input and node.input[0] in to.scales:
        _move(to, node)
        return to.parts
    return [(node, to.name)]


def _scale(node: Any, place: int) -> Scale:
    """Return the scale in an input, and the zero point in the next."""
    names = [*node.input[place : place + 2], "", ""]
    return names[0], names[1]


def _finish(to: _Writer, node: Any, operator: str, inputs: Sequence[str], scale: Scale) -> None:
    """Add the operator itself, with the node's attributes, and the QuantizeLinear behind it."""
    values = import_onnx().helper.get_attribute_value
    attributes = {a.name: values(a) for a in node.attribute if a.name not in _NOT_OF_ONNX}
    output = node.output[0]
    if not scale[0]:
        to.add(operator, inputs, output, **attributes)
        return
    to.integers(to.add(operator, inputs, f"{to.name}/{output}", **attributes), scale, output)


def _convolution(to: _Writer, node: Any) -> None:
    x, weight = _scale(node, 1), _scale(node, 4)
    inputs = [to.floats(node.input[0], x), to.floats(node.input[3], weight, axis=0)]
    if len(node.input) > 8 and node.input[8]:
        inputs.append(_bias(to, node.input[8], x[0], weight[0]))
    _finish(to, node, "Conv", inputs, _scale(node, 6))


def _bias(to: _Writer, tensor: str, *scales: str) -> str:
    """Add the FP32 form of a bias, whose scale is that of the products."""
    product = np.ones((), np.float32)
    for name in scales:
        product = product * to.fixed[name]
    scale = to.constant(f"{to.name}/bias_scale", np.asarray(product, np.float32))
    return to.floats(tensor, (scale, ""), axis=0)


def _product(to: _Writer, node: Any) -> None:
    inputs = [to.floats(node.input[0], _scale(node, 1))]
    inputs.append(to.floats(node.input[3], _scale(node, 4), axis=-1))
    _finish(to, node, "MatMul", inputs, _scale(node, 6))


def _gemm(to: _Writer, node: Any) -> None:
    first, second = _scale(node, 1), _scale(node, 4)
    transposed = any(a.name == "transB" and a.i for a in node.attribute)
    inputs = [to.floats(node.input[0], first)]
    inputs.append(to.floats(node.input[3], second, axis=0 if transposed else 1))
    if len(node.input) > 6 and node.input[6]:
        inputs.append(_bias(to, node.input[6], first[0], second[0]))
    _finish(to, node, "Gemm", inputs, _scale(node, 7))


def _function(to: _Writer, node: Any) -> None:
    inputs = [to.floats(node.input[0], _scale(node, 1))]
    _finish(to, node, _FUNCTIONS[node.op_type], inputs, _scale(node, 3))


def _pair(to: _Writer, node: Any) -> None:
    inputs = [to.floats(node.input[place], _scale(node, place + 1)) for place in (0, 3)]
    _finish(to, node, _PAIRS[node.op_type], inputs, _scale(node, 6))


def _concatenation(to: _Writer, node: Any) -> None:
    places = range(2, len(node.input), 3)
    inputs = [to.floats(node.input[place], _scale(node, place + 1)) for place in places]
    _finish(to, node, "Concat", inputs, _scale(node, 0))


def _move(to: _Writer, node: Any) -> None:
    """Add an operator that keeps the scale of its first input."""
    helper = import_onnx().helper
    scale = to.scales[node.input[0]]
    inputs = [to.floats(node.input[0], scale), *node.input[1:]]
    if node.op_type == "Pad" and len(inputs) > 2 and inputs[2]:
        inputs[2] = to.floats(inputs[2], scale)
    outputs = [each and f"{to.name}/{each}" for each in node.output]
    moved = helper.make_node(node.op_type, inputs, outputs, to.name)
    moved.attribute.extend(node.attribute)
    to.parts.append((moved, to.name))
    for inner, outer in zip(outputs, node.output, strict=True):
        if outer:
            to.integers(inner, scale, outer)


_EXPANSIONS: dict[str, tuple[int, Callable[[_Writer, Any], None]]] = {
    "QGemm": (6, _gemm),
    "QLinearConcat": (5, _concatenation),
    "QLinearConv": (8, _convolution),
    "QLinearMatMul": (8, _product),
    **dict.fromkeys(_FUNCTIONS, (4, _function)),
    **dict.fromkeys(_PAIRS, (7, _pair)),
}
"""Operator type -> the fewest inputs, and the function that adds what it stands for."""


def _is_known(to: _Writer, node: Any, least: int) -> bool:
    """Return whether a node has its inputs, and constant scales if its bias is a multiple of them.

    Others are refused as operators that are not known.
    """
    if len(node.input) < least:
        return False
    has_bias = node.op_type in ("QLinearConv", "QGemm")
    return not has_bias or all(node.input[place] in to.fixed for place in (1, 4))


def _constants(model: Any) -> dict[str, np.ndarray]:
    """Return name -> value of the nodes that are constants."""
    array = import_onnx().numpy_helper.to_array
    return {
        node.output[0]: array(attribute.t)
        for node in model.graph.node
        if node.op_type == "Constant" and node.output
        for attribute in node.attribute
        if attribute.name == "value"
    }


def _unsigned(model: Any, fixed: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yield the INT8 tensors that ONNX Runtime makes UINT8 on x86.

    They lie between a QuantizeLinear and one DequantizeLinear whose result is read once.
    """
    readers = Counter(value.name for value in model.graph.output)
    dequantized: dict[str, str] = {}
    for node in model.graph.node:
        readers.update(node.input)
        if node.op_type == "DequantizeLinear":
            dequantized[node.input[0]] = node.output[0]
    for node in model.graph.node:
        zero_point = fixed.get((*node.input, "", "", "")[2])
        if node.op_type == "QuantizeLinear" and getattr(zero_point, "dtype", None) == np.int8:
            name = node.output[0]
            if readers[name] == readers[dequantized.get(name, "")] == 1:
                yield name


def _with_unsigned(
    node: Any, name: str, unsigned: set[str], fixed: Mapping[str, np.ndarray]
) -> list[Named]:
    """Return a node as it is where its tensors become UINT8, and the zero point that it needs."""
    ends = {"QuantizeLinear": node.output, "DequantizeLinear": node.input}.get(node.op_type, ())
    tensor = next((each for each in ends if each in unsigned), "")
    if not tensor:
        return [(node, name)]
    helper, array = import_onnx().helper, import_onnx().numpy_helper.from_array
    zero_point = f"{name}/zero_point"
    number = (fixed[node.input[2]].astype(np.int16) + 128).astype(np.uint8)
    constant = helper.make_node("Constant", [], [zero_point], value=array(number, zero_point))
    changed = helper.make_node(node.op_type, [*node.input[:2], zero_point], list(node.output))
    changed.attribute.extend(node.attribute)
    return [(constant, zero_point), (changed, name)]
