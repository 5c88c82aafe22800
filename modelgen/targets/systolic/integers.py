"""Operators on INT8 values on the engine: which it can compute, and its constants for them."""

from __future__ import annotations

import numpy as np

from modelgen.hardware import Hardware
from modelgen.ir.graph import Graph, Node
from modelgen.operators import (
    ByteTable,
    Fp32Add,
    Fp32Mean,
    IntegerAdd,
    IntegerAvgPool2d,
    IntegerConv2d,
    IntegerLinear,
    IntegerMaxPool2d,
    IntegerMean,
)
from modelgen.targets.systolic.geometry import geometry
from modelgen.targets.systolic.integer_results import exact, results_of
from modelgen.targets.systolic.scratchpad.layout import can_read_rows

_LANES = 4
_GROUP = 8
"""Rows of the array whose products are added before they are taken apart."""
_MOST_OF_GROUP = _GROUP * 127
"""What the magnitudes of their weights may add up to."""


def refusal(graph: Graph, node: Node, hardware: Hardware) -> str | None:
    """Return why the engine cannot compute an operator on INT8 values; None if it can."""
    if not hardware.int8:
        return "the engine is configured without INT8"
    reason = _of_operator(graph, node, hardware) or _of_words(graph, node)
    if reason is None and not exact(results_of(graph, node, geometry(graph, node))):
        reason = "a channel's rounding has no form that the engine computes"
    return reason


def _of_words(graph: Graph, node: Node) -> str | None:
    """Return which of a node's pixels are no whole words."""
    for name in node.inputs:
        if graph.tensors[name].columns % _LANES:
            return f"pixels of {graph.tensors[name].columns} values are no whole words"
    output = graph.tensors[node.output]
    if output.columns % _LANES and output.rows > 1:
        return f"its results have pixels of {output.columns} values, which are no whole words"
    return None


def _of_operator(graph: Graph, node: Node, hardware: Hardware) -> str | None:
    operator = node.operator
    match operator:
        case IntegerConv2d():
            return _of_convolution(graph, node, hardware)
        case IntegerLinear():
            if operator.weight_zero_point:
                return "its weights have a zero point"
            return _of_weights(graph.arrays(node)["weight"])
        case IntegerAvgPool2d():
            counts = operator.forms(graph.shapes(node)[0])
            return "its windows have different numbers of pixels" if len(counts) > 1 else None
        case IntegerMean() | Fp32Mean():
            maps = len(graph.shapes(node)[0]) == 4 and operator.axes == (1, 2)
            return None if maps else "it averages other dimensions than rows and columns of maps"
        case IntegerAdd() | Fp32Add():
            first, second = graph.shapes(node)
            if first != second:
                return "the engine adds tensors of one shape"
            return None if operator.form() else "its scales have no form that the engine computes"
        case IntegerMaxPool2d() | ByteTable():
            return None
    return f"the engine does not support {operator.name}"


def _of_convolution(graph: Graph, node: Node, hardware: Hardware) -> str | None:
    operator, weight = node.operator, graph.arrays(node)["weight"]
    assert isinstance(operator, IntegerConv2d)
    if operator.groups == 1:
        return _of_weights(weight)
    if operator.groups != graph.tensors[node.inputs[0]].columns or operator.groups != len(weight):
        return "the engine supports one group, or one of each channel"
    rows, columns = operator.window.dilation
    pitches = range(hardware.banks)
    if columns > 1 or not any(can_read_rows(rows * pitch, hardware) for pitch in pitches[1:]):
        return "the engine reads neighbouring columns of depthwise windows"
    return None


def _of_weights(weight: np.ndarray) -> str | None:
    """Return why the array's sums of some weights could be wrong."""
    magnitudes = np.sort(np.abs(weight.reshape(len(weight), -1).astype(np.int64)), axis=1)
    if (magnitudes[:, -_GROUP:].sum(axis=1) > _MOST_OF_GROUP).any():
        return "a channel's eight largest weights, some of them -128, may have sums over 18 bits"
    return None
