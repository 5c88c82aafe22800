"""Single layers as the engine sees them, and what loading and reading do with words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from modelgen.ir.graph import Graph
from modelgen.operators import AvgPool2d, Linear, MaxPool2d
from modelgen.operators.window import Window
from modelgen.targets.systolic.geometry import Geometry, geometry
from modelgen.targets.systolic.scratchpad.layout import Layout
from tests.support.graph_builder import GraphBuilder


def geometry_of(graph: Graph) -> Geometry:
    """Return the geometry of a graph's last layer."""
    return geometry(graph, graph.nodes[-1])


def convolution(
    shape: tuple[int, int, int, int], channels: int, window: Window, **fields: Any
) -> Geometry:
    """Return the geometry of a convolution of maps (batch, rows, columns, channels)."""
    graph = GraphBuilder(*shape)
    parts = window.kernel, window.stride, window.padding, window.dilation
    return geometry_of(graph.build(graph.conv("x", channels, *parts, **fields)))


def pooling(
    kind: type[MaxPool2d] | type[AvgPool2d], shape: tuple[int, int, int, int], window: Window
) -> Geometry:
    """Return the geometry of a pooling of maps (batch, rows, columns, channels)."""
    graph = GraphBuilder(*shape)
    parts = window.kernel, window.stride, window.padding
    return geometry_of(graph.build(graph.pool(kind, "x", *parts)))


def product(rows: int, words: int, columns: int) -> Geometry:
    """Return the geometry of a matrix product: `rows` x `words` with `words` x `columns`."""
    graph = GraphBuilder(rows, words)
    built = graph.build(graph.linear("x", columns))
    assert isinstance(built.nodes[-1].operator, Linear)
    return geometry_of(built)


def under_the_window(window: Window, maps: np.ndarray, padding_value: float = 0.0) -> np.ndarray:
    """Return the pixels of each position and tap, shape (images, rows, columns, ky, kx, channels).

    Args:
        window: that moves over the maps.
        maps: shape (images, rows, columns, channels).
        padding_value: what stands round them.
    """
    taps = np.stack(list(window.each_tap(maps, padding_value)), axis=-2)
    return taps.reshape(*taps.shape[:3], *window.kernel, maps.shape[-1])


def numbered(*shape: int) -> np.ndarray:
    """Return values from 1 on, all different: a word that is read says which one it is."""
    return 1.0 + np.arange(math.prod(shape), dtype=np.float64).reshape(shape)


def load(load: Any, source: np.ndarray, buffer: np.ndarray) -> None:
    """Do in `buffer` what a load does: copy words of a flat source, and fill round them."""
    words = load.columns * load.words
    for row in range(load.rows):
        start = load.base + load.head + row * load.pitch
        if load.source is not None:
            first = (load.source.offset + row * load.row_pitch) // 4
            columns = [first + column * load.column_pitch // 4 for column in range(load.columns)]
            pixels = [source[word : word + load.words] for word in columns]
            buffer[start : start + words] = np.concatenate(pixels)
        if load.fill is not None:
            buffer[start + words : start + load.pitch] = load.fill
    if load.fill is not None:
        end = load.base + load.head + load.rows * load.pitch
        buffer[load.base : load.base + load.head] = load.fill
        buffer[end : end + load.tail] = load.fill


def read(compute: Any, buffer: np.ndarray) -> np.ndarray:
    """Return the words that a job reads, shape (rows, columns, words of a position)."""
    axes = (
        (compute.rows, compute.step_y),
        (compute.columns, compute.step_x),
        (compute.runs_y, compute.pitch_y),
        (compute.runs_x, compute.pitch_x),
        (compute.run, 1),
    )
    places = np.array(compute.base)
    for count, step in axes:
        places = places[..., None] + np.arange(count) * step
    return buffer[places].reshape(compute.rows, compute.columns, -1)


def in_buffer(layout: Layout, maps: np.ndarray, words: int) -> np.ndarray:
    """Return a buffer with maps in a layout and their frame; NaN is what nobody wrote."""
    buffer = np.full(words, np.nan)
    if layout.fill is not None:
        buffer[layout.base : layout.base + layout.size] = layout.fill
    for image, row in np.ndindex(maps.shape[:2]):
        first = layout.at(image, row, 0)
        buffer[first : first + layout.view.row_words] = maps[image, row].reshape(-1)
    return buffer
