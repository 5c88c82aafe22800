"""Convolutions of maps whose pixels are no whole words, over maps of whole words instead.

A word holds four INT8 values. An image of three channels is read as words that hold parts of
neighbouring pixels: the window moves by as many pixels as are whole words, and each of its
positions gives the results of all positions between. Where not even rows are whole words, several
of them are one pixel. The weights of what a position does not see are zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from modelgen.ir.expansion import Expansion
from modelgen.ir.graph import Graph, Node
from modelgen.operators import IntegerConv2d, Pad, Reshape
from modelgen.operators.base import Shape
from modelgen.operators.window import Window

_WORD = 4
"""Values in a word."""


def pack_pixels(graph: Graph) -> Graph:
    """Give convolutions of images whole words; their inputs and outputs are views."""
    made = Expansion(graph)
    for node in graph.nodes:
        packing = _packing(graph, node)
        if packing is None:
            made.put(node)
        else:
            _pack(made, graph, node, packing)
    return made.graph()


@dataclass(frozen=True)
class _Packing:
    """How a convolution's input is seen, and the window over it."""

    rows: int
    """Rows of the input, of which those behind the last one are padding."""
    seen: Shape
    window: Window
    weight: np.ndarray
    """Shape (positions * N, kernel rows, kernel columns, values of a pixel)."""
    result: Shape


def _packing(graph: Graph, node: Node) -> _Packing | None:
    """Return how a convolution is packed; None if it need not be, or cannot."""
    operator = node.operator
    if not isinstance(operator, IntegerConv2d) or operator.epilogue != type(operator.epilogue)():
        return None
    shape = graph.tensors[node.inputs[0]].shape
    plain = operator.groups == 1 and operator.window.dilation == (1, 1)
    if not plain or shape[3] % _WORD == 0:
        return None
    pack = _of_columns if shape[2] * shape[3] % _WORD == 0 else _of_rows
    target = graph.tensors[node.output].shape
    packing = pack(operator.window, graph.arrays(node)["weight"], shape, target)
    if packing is None or packing.window.outputs(*packing.seen[1:3]) != packing.result[1:3]:
        # What is behind the last position would be room for another one.
        return None
    return packing


def _of_columns(window: Window, weight: np.ndarray, shape: Shape, target: Shape) -> _Packing | None:
    """Return a packing of the pixels of each row into words."""
    batch, rows, columns, channels = shape
    step = window.stride[1] * channels
    positions = _WORD // math.gcd(step, _WORD)
    if target[2] % positions:
        return None
    top, bottom, left, _ = window.padding
    before = -(-left * channels // _WORD)
    shift = before * _WORD - left * channels
    reach = shift + (positions - 1) * step + window.kernel[1] * channels
    kernel, stride = -(-reach // _WORD), positions * step // _WORD
    outputs, words = target[2] // positions, columns * channels // _WORD
    after = max((outputs - 1) * stride + kernel - before - words, 0)
    new = np.zeros((positions, len(weight), window.kernel[0], kernel * _WORD), np.int8)
    taps = weight.reshape(len(weight), window.kernel[0], -1)
    for position in range(positions):
        first = shift + position * step
        new[position, :, :, first : first + taps.shape[2]] = taps
    return _Packing(
        rows=rows,
        seen=(batch, rows, words, _WORD),
        window=Window(
            (window.kernel[0], kernel),
            (window.stride[0], stride),
            (top, bottom, before, after),
        ),
        weight=new.reshape(positions * len(weight), window.kernel[0], kernel, _WORD),
        result=(batch, target[1], outputs, positions * target[3]),
    )


def _of_rows(window: Window, weight: np.ndarray, shape: Shape, target: Shape) -> _Packing | None:
    """Return a packing of several rows into one pixel, all of whose results are one pixel too."""
    batch, rows, columns, channels = shape
    values, step = columns * channels, window.stride[0]
    unit = math.lcm(step, _WORD // math.gcd(values, _WORD))
    positions = unit // step
    if target[1] % positions:
        return None
    top = window.padding[0]
    before = -(-top // unit)
    shift = before * unit - top
    kernel = -(-(shift + (positions - 1) * step + window.kernel[0]) // unit)
    outputs, units = target[1] // positions, -(-rows // unit)
    after = max(outputs - 1 + kernel - before - units, 0)
    across = _across(window, weight, columns, target[2])
    new = np.zeros((positions, *across.shape[:2], kernel * unit, values), np.int8)
    for position in range(positions):
        first = shift + position * step
        new[position, :, :, first : first + window.kernel[0]] = across
    return _Packing(
        rows=units * unit,
        seen=(batch, units, 1, unit * values),
        window=Window((kernel, 1), (1, 1), (before, after, 0, 0)),
        weight=new.reshape(-1, kernel, 1, unit * values),
        result=(batch, outputs, 1, positions * target[2] * target[3]),
    )


def _across(window: Window, weight: np.ndarray, columns: int, positions: int) -> np.ndarray:
    """Return the weights of whole rows for each position along a row.

    Args:
        window: of the convolution.
        weight: INT8, shape (N, kernel rows, kernel columns, C).
        columns: pixels of a row.
        positions: of the window, along a row.

    Returns:
        INT8, shape (positions, N, kernel rows, columns * C). Padding has no weights.
    """
    outputs, rows, taps, channels = weight.shape
    left = window.padding[2]
    wide = np.zeros((positions, outputs, rows, left + columns + taps, channels), np.int8)
    for position in range(positions):
        first = position * window.stride[1]
        wide[position, :, :, first : first + taps] = weight
    return wide[..., left : left + columns, :].reshape(positions, outputs, rows, -1)


def _pack(made: Expansion, graph: Graph, node: Node, packing: _Packing) -> None:
    """Add the packed convolution, between views."""
    operator, (source,) = node.operator, node.inputs
    assert isinstance(operator, IntegerConv2d)
    shape = graph.tensors[source].shape
    if packing.rows > shape[1]:
        more = (0, packing.rows - shape[1], 0, 0)
        pad = Pad((0, 0, 0, 0), more, value=float(operator.zero_point))
        source = made.add(Node(f"{source}.padded", pad, (source,), ""))
    seen = made.add(Node(f"{source}.words", Reshape(packing.seen), (source,), ""))
    constants = {}
    times = len(packing.weight) // graph.tensors[node.output].columns
    for role, name in node.constants.items():
        values = packing.weight if role == "weight" else np.tile(graph.constants[name], times)
        constants[role] = made.add_constant(f"{name}.words", values)
    weights = graph.arrays(node)["weight"].size
    packed = replace(operator, window=packing.window, packed=times, packed_weights=weights)
    result = made.add(replace(node, operator=packed, inputs=(seen,), constants=constants))
    apart = Reshape(graph.tensors[node.output].shape)
    made.put(Node(f"{node.name}.pixels", apart, (result,), node.output))
