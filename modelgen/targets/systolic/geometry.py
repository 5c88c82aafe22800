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

from modelgen.arithmetic.integer.requantization import LOWEST
from modelgen.ir.graph import Graph, Node, Tensor
from modelgen.operators import AvgPool2d, ChannelScale, Conv2d, Linear, MaxPool2d, Pointwise
from modelgen.operators.base import Shape
from modelgen.operators.integer.add import IntegerAdd
from modelgen.operators.integer.avg_pool2d import IntegerAvgPool2d
from modelgen.operators.integer.base import IntegerOperator
from modelgen.operators.integer.byte_table import ByteTable
from modelgen.operators.integer.conv2d import IntegerConv2d
from modelgen.operators.integer.fp32_add import Fp32Add
from modelgen.operators.integer.fp32_mean import Fp32Mean
from modelgen.operators.integer.linear import IntegerLinear
from modelgen.operators.integer.max_pool2d import IntegerMaxPool2d
from modelgen.operators.integer.mean import IntegerMean
from modelgen.operators.movement import Movement, Part
from modelgen.operators.window import Window
from modelgen.targets.systolic.abi import Operation

_WORD_BYTES = 4


@dataclass(frozen=True)
class View:
    """A tensor as feature maps."""

    images: int
    rows: int
    columns: int
    words: int
    """Words of a pixel."""

    @property
    def row_words(self) -> int:
        """Words of one row of pixels."""
        return self.columns * self.words

    @property
    def image_words(self) -> int:
        """Words of one feature map."""
        return self.rows * self.row_words

    @property
    def size(self) -> int:
        """Words of all maps."""
        return self.images * self.image_words

    def has_rows_of(self, other: View) -> bool:
        """Return whether it has the same rows as other maps, whatever their pixels."""
        mine, theirs = ((view.images, view.rows, view.row_words) for view in (self, other))
        return mine == theirs


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
    """Padding at the low end; negative: pixels that no position reads."""

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
    outputs: int
    """Output channels N."""
    lanes: int = 1
    """Values in a word, of consecutive channels: one of FP32, four of INT8."""
    padding_value: float = 0.0
    """The value of the padding around the map."""
    pool: tuple[int, int] = (1, 1)
    """Rows, columns of the fused max-pooling."""
    blocks: int = 1
    """Equal parts of the output channels of a matrix product, which depend on equal parts of the
    input channels alone."""
    parts: tuple[Part, ...] = ()
    """Of a movement: the boxes of values that it copies or fills, whatever the window."""
    fill: float | None = None
    """The value of boxes that are filled; None: there are none."""
    weight_bits: int = 8
    """Bits of memory that a weight takes: 8 or 4."""

    @property
    def words(self) -> int:
        """Words of an input pixel."""
        return self.source.words

    @property
    def channels(self) -> int:
        """Values of an input pixel, with those behind the last channel of its last word."""
        return self.words * self.lanes

    @property
    def taps(self) -> int:
        """Number of pixels under the window."""
        return self.y.kernel * self.x.kernel

    @property
    def pairs(self) -> bool:
        """Whether the array computes two positions at a time: of INT8, unless it is depthwise."""
        return self.lanes > 1 and self.operation is not Operation.DEPTHWISE

    @property
    def reads_rows(self) -> bool:
        """Whether the array reads columns of several kernel rows at a time: INT8, depthwise."""
        return self.lanes > 1 and self.operation is Operation.DEPTHWISE

    @property
    def is_matmul(self) -> bool:
        """Whether output channels depend on all input channels, or on those of their block."""
        return self.operation is Operation.MATMUL

    def slice_words(self, array_size: int) -> int:
        """Return the words of a slice: S values."""
        return array_size // self.lanes

    @property
    def pads(self) -> bool:
        """Whether the window extends beyond an edge of the map."""
        return max(self.y.before, self.y.after, self.x.before, self.x.after) > 0

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


def matrix_view(shape: tuple[int, ...], lanes: int = 1) -> View:
    """Return a tensor as a matrix whose rows are its last dimension."""
    columns = shape[-1] if shape else 1
    return View(1, math.prod(shape) // columns, 1, _words(columns, lanes))


def view(shape: tuple[int, ...], lanes: int = 1) -> View:
    """Return a tensor as feature maps if it has four dimensions, else as a matrix.

    Args:
        shape: of the tensor.
        lanes: values in a word.
    """
    if len(shape) != 4:
        return matrix_view(shape, lanes)
    return View(*shape[:3], _words(shape[3], lanes))


def view_of(tensor: Tensor) -> View:
    """Return a tensor as feature maps or a matrix of words."""
    return view(tensor.shape, lanes_of(tensor))


def lanes_of(tensor: Tensor) -> int:
    """Return how many of a tensor's values are in a word."""
    return _WORD_BYTES // tensor.element.bytes


def _words(channels: int, lanes: int) -> int:
    return -(-channels // lanes)


def geometry(graph: Graph, node: Node) -> Geometry:
    """Return the geometry of a node that the engine runs."""
    if isinstance(node.operator, IntegerOperator):
        return _of_integers(graph, node)
    source = graph.tensors[node.inputs[0]].shape
    target = graph.tensors[node.output].shape
    maps, operator = view(source), node.operator
    match operator:
        case Linear() if len(source) == 4 and source[3] == graph.arrays(node)["weight"].shape[1]:
            return _windowed(Operation.MATMUL, Window((1, 1)), (1, 1), maps, target)
        case Linear():
            return _product(math.prod(source), graph.arrays(node)["weight"].shape)
        case Pointwise() | ChannelScale():
            axes = Axis(maps.rows, maps.rows), Axis(maps.columns, maps.columns)
            return Geometry(Operation.SUM, maps, view(target), *axes, view(target).words)
        case Movement():
            return movement(operator, source)
        case Conv2d():
            operation = Operation.DEPTHWISE if operator.depthwise else Operation.MATMUL
            shape = _windowed(operation, operator.window, operator.epilogue.pool, maps, target)
            return replace(shape, blocks=operator.blocks)
        case MaxPool2d():
            shape = _windowed(Operation.MAX, operator.window, operator.epilogue.pool, maps, target)
            return replace(shape, padding_value=-math.inf)
        case AvgPool2d():
            return _windowed(Operation.SUM, operator.window, operator.epilogue.pool, maps, target)
        case _:
            raise AssertionError(f"layer '{node.name}': the engine has no {operator.name}")


def _of_integers(graph: Graph, node: Node) -> Geometry:
    """Return the geometry of an operator on INT8 values."""
    source, target = (graph.tensors[name] for name in (node.inputs[0], node.output))
    maps, lanes, operator = view_of(source), lanes_of(source), node.operator
    match operator:
        case IntegerLinear():
            shape = _product(source.size, graph.arrays(node)["weight"].shape, lanes)
            return replace(shape, padding_value=float(operator.zero_point))
        case IntegerConv2d():
            operation = Operation.DEPTHWISE if operator.groups > 1 else Operation.MATMUL
            pool = operator.epilogue.pool
            shape = _windowed(operation, operator.window, pool, maps, target.shape, lanes)
            return replace(shape, padding_value=float(operator.zero_point))
        case IntegerMaxPool2d():
            shape = _windowed(Operation.MAX, operator.window, (1, 1), maps, target.shape, lanes)
            return replace(shape, padding_value=float(LOWEST))
        case IntegerAvgPool2d():
            return _windowed(Operation.SUM, operator.window, (1, 1), maps, target.shape, lanes)
        case IntegerMean() | Fp32Mean():
            window = Window((maps.rows, maps.columns))
            return _windowed(Operation.SUM, window, (1, 1), maps, target.shape, lanes)
        case IntegerAdd() | Fp32Add() | ByteTable():
            axes = Axis(maps.rows, maps.rows), Axis(maps.columns, maps.columns)
            return Geometry(Operation.SUM, maps, maps, *axes, target.columns, lanes)
        case _:
            raise AssertionError(f"layer '{node.name}': the engine has no {operator.name}")


def movement(operator: Movement, source: Shape) -> Geometry:
    """Return the geometry of a movement, given the shape of its input."""
    shape = operator.infer_shape([source], {})
    target = view(shape)
    axes = Axis(target.rows, target.rows), Axis(target.columns, target.columns)
    parts = [each for part in operator.parts([source]) for each in _forwards(part.merged())]
    gaps = [part.merged() for part in operator.gaps([source])]
    return Geometry(
        Operation.MAX,
        view(source),
        target,
        *axes,
        outputs=target.words,
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


def _product(values: int, weight: Shape, lanes: int = 1) -> Geometry:
    """Return the geometry of a product of rows with weights (N, K)."""
    outputs, columns = weight
    rows = values // columns
    source, target = matrix_view((rows, columns), lanes), matrix_view((rows, outputs), lanes)
    return Geometry(Operation.MATMUL, source, target, Axis(rows, rows), Axis(1, 1), outputs, lanes)


def _windowed(
    operation: Operation,
    window: Window,
    pool: tuple[int, int],
    maps: View,
    target: Shape,
    lanes: int = 1,
) -> Geometry:
    top, _, left, _ = window.padding
    rows, columns = window.outputs(maps.rows, maps.columns)
    # Positions that a fused pooling drops are not computed.
    y = Axis(maps.rows, rows // pool[0] * pool[0], *_along(window, 0), top)
    x = Axis(maps.columns, columns // pool[1] * pool[1], *_along(window, 1), left)
    return Geometry(operation, maps, view(target, lanes), y, x, target[-1], lanes, pool=pool)


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
