"""Convolutions of maps whose pixels are no whole words, over maps of whole words instead.

A word holds four INT8 values. An image of three channels is read as words that hold parts of
neighbouring pixels: the window moves by as many pixels as are whole words, and each of its
positions gives the results of all positions between. Where not even rows are whole words, several
of them are one. The weights of what a position does not see are zero. If those that are not zero
fill fewer slices for some of the results alone, these are a convolution of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from modelgen.ir.expansion import Expansion
from modelgen.ir.graph import Graph, Node
from modelgen.operators import Concatenate, IntegerConv2d, Pad, Reshape
from modelgen.operators.base import Shape
from modelgen.operators.window import Window

_WORD = 4
"""Values in a word."""


_CYCLES_A_PART = 50
"""Cycles that a convolution takes beyond those of its slices."""


def pack_pixels(graph: Graph, array_size: int, supports: Callable[[Graph, Node], bool]) -> Graph:
    """Give convolutions of images whole words; their inputs and outputs are views.

    Args:
        graph: a quantized graph.
        array_size: S, the columns of the array.
        supports: whether the engine can compute a node; a convolution that it cannot compute then
            stays as it is.
    """
    for node in graph.nodes:
        packing = _packing(graph, node)
        if packing is not None:
            packed, parts = _packed(graph, node, packing, array_size)
            if all(supports(packed, part) for part in parts):
                graph = packed
    return graph


@dataclass(frozen=True)
class _Packing:
    """How a convolution's input is seen, and the window over it."""

    rows: int
    """Rows of the input, of which those behind the last one are padding."""
    seen: Shape
    window: Window
    weight: np.ndarray
    """Shape (positions, N, kernel rows, kernel columns, values of a word)."""
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
        weight=new.reshape(positions, len(weight), window.kernel[0], kernel, _WORD),
        result=(batch, target[1], outputs, positions * target[3]),
    )


def _of_rows(window: Window, weight: np.ndarray, shape: Shape, target: Shape) -> _Packing | None:
    """Return a packing of several rows into one, all of whose results are one pixel."""
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
    words = unit * values // _WORD
    return _Packing(
        rows=units * unit,
        seen=(batch, units, words, _WORD),
        window=Window((kernel, words), (1, words), (before, after, 0, 0)),
        weight=new.reshape(-1, target[3], kernel, words, _WORD),
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
    left, stride = window.padding[2], window.stride[1]
    width = max(left + columns, (positions - 1) * stride + taps)
    wide = np.zeros((positions, outputs, rows, width, channels), np.int8)
    for position in range(positions):
        first = position * stride
        wide[position, :, :, first : first + taps] = weight
    return wide[..., left : left + columns, :].reshape(positions, outputs, rows, -1)


def _packed(
    graph: Graph, node: Node, packing: _Packing, array_size: int
) -> tuple[Graph, list[Node]]:
    """Return the graph with a packed convolution, and what it consists of, between views."""
    made, parts = Expansion(graph), []
    for each in graph.nodes:
        if each != node:
            made.put(each)
            continue
        seen = _seen(made, graph, node, packing)
        ranges = _parts(packing, array_size)
        parts = [_part(made, graph, node, packing, seen, part) for part in ranges]
        result = parts[0].output
        if len(parts) > 1:
            names = tuple(part.output for part in parts)
            result = made.add(Node(f"{node.name}.parts", Concatenate(), names, ""))
        apart = Reshape(graph.tensors[node.output].shape)
        made.put(Node(f"{node.name}.pixels", apart, (result,), node.output))
    return made.graph(), parts


def _seen(made: Expansion, graph: Graph, node: Node, packing: _Packing) -> str:
    """Add the view of a convolution's input as words; return its name."""
    operator, (source,) = node.operator, node.inputs
    assert isinstance(operator, IntegerConv2d)
    rows = graph.tensors[source].shape[1]
    if packing.rows > rows:
        more = (0, packing.rows - rows, 0, 0)
        pad = Pad((0, 0, 0, 0), more, value=float(operator.zero_point))
        source = made.add(Node(f"{source}.padded", pad, (source,), ""))
    return made.add(Node(f"{source}.words", Reshape(packing.seen), (source,), ""))


def _part(
    made: Expansion, graph: Graph, node: Node, packing: _Packing, seen: str, positions: range
) -> Node:
    """Add the convolution that gives the results of some positions; return it."""
    operator = node.operator
    assert isinstance(operator, IntegerConv2d)
    taps = _taps(packing, positions)
    weight = packing.weight[positions.start : positions.stop, :, :, taps.start : taps.stop]
    is_first = positions.start == 0
    name = node.name if is_first else f"{node.name}.{positions.start}"
    constants = {}
    for role, own in node.constants.items():
        each = np.tile(graph.constants[own], len(positions))
        values = weight.reshape(-1, *weight.shape[2:]) if role == "weight" else each
        suffix = "words" if is_first else f"words.{positions.start}"
        constants[role] = made.add_constant(f"{own}.{suffix}", values)
    packed = replace(
        operator,
        window=_window(packing, taps),
        packed=len(positions),
        packed_weights=graph.arrays(node)["weight"].size,
        owns_weights=is_first,
    )
    part = replace(node, name=name, operator=packed, inputs=(seen,), constants=constants)
    return replace(part, output=made.add(part))


def _window(packing: _Packing, taps: range) -> Window:
    """Return the window of some columns of taps, which has as many positions."""
    window, columns, outputs = packing.window, packing.seen[2], packing.result[2]
    top, bottom, left, _ = window.padding
    before = left - taps.start
    after = (outputs - 1) * window.stride[1] + len(taps) - before - columns
    padding = top, bottom, before, after
    return replace(window, kernel=(window.kernel[0], len(taps)), padding=padding)


def _taps(packing: _Packing, positions: range) -> range:
    """Return the columns of taps of which some positions see any."""
    weight = packing.weight[positions.start : positions.stop]
    used = np.flatnonzero(weight.any(axis=(0, 1, 2, 4)))
    return range(used[0], used[-1] + 1) if len(used) else range(1)


def _parts(packing: _Packing, array_size: int) -> list[range]:
    """Return the positions as parts that together take the fewest cycles."""
    count, outputs = packing.weight.shape[:2]
    best: list[tuple[float, list[range]]] = [(0.0, [])]
    for end in range(1, count + 1):
        choices = []
        for start in range(end):
            part = range(start, end)
            # Each part is written at whole words of a pixel.
            if start * outputs % _WORD == 0:
                cycles, before = best[start]
                choices.append((cycles + _cycles(packing, part, array_size), [*before, part]))
        best.append(min(choices, key=lambda choice: choice[0]))
    return best[count][1]


def _cycles(packing: _Packing, positions: range, array_size: int) -> float:
    """Return about how many cycles the engine takes for a part, two rows of results at a time."""
    _, outputs, rows, _, _ = packing.weight.shape
    words = rows * len(_taps(packing, positions))
    slices = -(-words // (array_size // _WORD))
    tiles = -(-len(positions) * outputs // array_size)
    return slices * tiles * math.prod(packing.result[:3]) / 2 + _CYCLES_A_PART
