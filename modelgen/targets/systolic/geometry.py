"""What a layer reads and writes, whatever its operator: a window that slides over feature maps.

A convolution, a pooling, an element-wise layer and a matrix product differ only in the window and
in what is computed from the words under it. Feature maps are NHWC; a matrix of M rows is one map of
M x 1 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from modelgen.ir.graph import Graph, Node
from modelgen.operators import AvgPool2d, ChannelScale, Conv2d, Linear, MaxPool2d, Pointwise
from modelgen.operators.base import Shape
from modelgen.operators.movement import Movement, Part
from modelgen.operators.window import Window
from modelgen.targets.systolic.abi import Operation


@dataclass(frozen=True)
class View:
    """A tensor as feature maps."""

    images: int
    rows: int
    columns: int
    channels: int

    @property
    def row_words(self) -> int:
        """Words of one row of pixels."""
        return self.columns * self.channels

    @property
    def image_words(self) -> int:
        """Words of one feature map."""
        return self.rows * self.row_words

    @property
    def size(self) -> int:
        """Words of all maps."""
        return self.images * self.image_words


@dataclass(frozen=True)
class Axis:
    """One direction of a window's movement, in pixels."""

    size: int
    """Pixels of the input."""
    outputs: int
    """Positions of the window."""
    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    before: int = 0
    """Padding at the low end."""

    @property
    def after(self) -> int:
        """Padding at the high end that the window actually reaches."""
        return max(self.reach(self.outputs) - self.size, 0)

    def reach(self, outputs: int) -> int:
        """Return the end of what the first `outputs` positions read, in pixels of the input."""
        return (outputs - 1) * self.stride + (self.kernel - 1) * self.dilation + 1 - self.before


@dataclass(frozen=True)
class Geometry:
    """A layer as the engine sees it."""

    operation: Operation
    source: View
    target: View
    """The stored feature maps, after a fused pooling."""
    y: Axis
    x: Axis
    pool: tuple[int, int] = (1, 1)
    """Rows, columns of the fused max-pooling."""
    blocks: int = 1
    """Equal parts of the output channels of a matrix product, which depend on equal parts of the
    input channels alone."""
    parts: tuple[Part, ...] = ()
    """Of a movement: the boxes of values that it copies or fills, whatever the window."""
    fill: float | None = None
    """The value of boxes that are filled; None: there are none."""

    @property
    def channels(self) -> int:
        """Words of an input pixel."""
        return self.source.channels

    @property
    def outputs(self) -> int:
        """Output channels N."""
        return self.target.channels

    @property
    def taps(self) -> int:
        """Number of pixels under the window."""
        return self.y.kernel * self.x.kernel

    @property
    def is_matmul(self) -> bool:
        """Whether output channels depend on all input channels, or on those of their block."""
        return self.operation is Operation.MATMUL

    @property
    def padding_value(self) -> float:
        """The value of the padding around the map."""
        return -math.inf if self.operation is Operation.MAX else 0.0

    @property
    def pads(self) -> bool:
        """Whether the window extends beyond an edge of the map."""
        return any((self.y.before, self.y.after, self.x.before, self.x.after))

    @property
    def positions(self) -> int:
        """Positions of the window in all maps."""
        return self.source.images * self.y.outputs * self.x.outputs

    @property
    def macs(self) -> int:
        """Number of MACs, including those with padding; 0 for pooling and element-wise layers."""
        if self.is_matmul:
            return self.positions * self.taps * self.channels * self.outputs
        if self.operation is Operation.DEPTHWISE:
            return self.positions * self.taps * self.outputs
        return 0


def matrix_view(shape: tuple[int, ...]) -> View:
    """Return a tensor as a matrix whose rows are its last dimension."""
    columns = shape[-1] if shape else 1
    return View(1, math.prod(shape) // columns, 1, columns)


def view(shape: tuple[int, ...]) -> View:
    """Return a tensor as feature maps if it has four dimensions, else as a matrix."""
    return View(*shape) if len(shape) == 4 else matrix_view(shape)


def geometry(graph: Graph, node: Node) -> Geometry:
    """Return the geometry of a node that the engine runs."""
    source = graph.tensors[node.inputs[0]].shape
    target = view(graph.tensors[node.output].shape)
    maps, operator = view(source), node.operator
    match operator:
        case Linear() if len(source) == 4 and source[3] == graph.arrays(node)["weight"].shape[1]:
            return _windowed(Operation.MATMUL, Window((1, 1)), (1, 1), maps, target)
        case Linear():
            words = graph.arrays(node)["weight"].shape[1]
            rows = math.prod(source) // words
            product = View(1, rows, 1, target.channels)
            axes = Axis(rows, rows), Axis(1, 1)
            return Geometry(Operation.MATMUL, View(1, rows, 1, words), product, *axes)
        case Pointwise() | ChannelScale():
            axes = Axis(maps.rows, maps.rows), Axis(maps.columns, maps.columns)
            return Geometry(Operation.SUM, maps, target, *axes)
        case Movement():
            return movement(operator, source)
        case Conv2d():
            operation = Operation.DEPTHWISE if operator.depthwise else Operation.MATMUL
            shape = _windowed(operation, operator.window, operator.epilogue.pool, maps, target)
            return replace(shape, blocks=operator.blocks)
        case MaxPool2d():
            operation = Operation.MAX
        case AvgPool2d():
            operation = Operation.SUM
        case _:
            raise AssertionError(f"layer '{node.name}': the engine has no {operator.name}")
    return _windowed(operation, operator.window, operator.epilogue.pool, maps, target)


def movement(operator: Movement, source: Shape) -> Geometry:
    """Return the geometry of a movement, given the shape of its input."""
    target = view(operator.infer_shape([source], {}))
    axes = Axis(target.rows, target.rows), Axis(target.columns, target.columns)
    parts = [each for part in operator.parts([source]) for each in _forwards(part.merged())]
    gaps = [part.merged() for part in operator.gaps([source])]
    return Geometry(
        Operation.MAX,
        view(source),
        target,
        *axes,
        parts=(*parts, *gaps),
        fill=operator.fill if gaps else None,
    )


def _forwards(part: Part) -> Iterator[Part]:
    """Yield parts of a part, one for each index of dimensions that are read backwards."""
    backwards = [axis for axis, step in enumerate(part.source_strides) if step < 0]
    for index in np.ndindex(*(part.sizes[axis] for axis in backwards)):
        moves = list(zip(backwards, index, strict=True))
        yield replace(
            part,
            sizes=tuple(1 if a in backwards else size for a, size in enumerate(part.sizes)),
            source_offset=part.source_offset + sum(i * part.source_strides[a] for a, i in moves),
            source_strides=tuple(max(step, 0) for step in part.source_strides),
            offset=part.offset + sum(i * part.strides[a] for a, i in moves),
        )


def _windowed(
    operation: Operation, window: Window, pool: tuple[int, int], maps: View, target: View
) -> Geometry:
    top, _, left, _ = window.padding
    rows, columns = window.outputs(maps.rows, maps.columns)
    # Positions that a fused pooling drops are not computed.
    y = Axis(maps.rows, rows // pool[0] * pool[0], *_along(window, 0), top)
    x = Axis(maps.columns, columns // pool[1] * pool[1], *_along(window, 1), left)
    return Geometry(operation, maps, target, y, x, pool)


def _along(window: Window, axis: int) -> tuple[int, int, int]:
    """Return kernel, stride and dilation along one axis."""
    return window.kernel[axis], window.stride[axis], window.dilation[axis]


def parameters(graph: Graph, node: Node, shape: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Return the FP32 scale and bias of each output channel."""
    scale, bias = graph.constant(node, "scale"), graph.constant(node, "bias")
    averages = isinstance(node.operator, AvgPool2d)
    if scale is None:
        scale = np.full(shape.outputs, 1.0 / shape.taps if averages else 1.0, np.float32)
    if bias is None:
        # A bias of -0 leaves zeros their signs; PyTorch's averages begin with +0.
        bias = np.full(shape.outputs, 0.0 if averages else -0.0, np.float32)
    if shape.pool != (1, 1) and not (scale > 0).all():
        raise AssertionError(f"layer '{node.name}': pooling before a scale that is not positive")
    return scale, bias
