"""Poolings of integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from modelgen.arithmetic.integer.means import mean_multiplier
from modelgen.ir.graph import Contract, Node
from modelgen.operators import (
    AvgPool2d,
    Fp32AvgPool2d,
    Fp32Mean,
    IntegerAvgPool2d,
    IntegerMaxPool2d,
    IntegerMean,
    MaxPool2d,
    Operator,
    Pad,
    UnevenAvgPool2d,
)
from modelgen.operators.base import Shape
from modelgen.operators.epilogue import Epilogue
from modelgen.operators.uneven_pooling import Span
from modelgen.operators.window import Window
from modelgen.passes.integers.fusion import Fusion, Result, Source
from modelgen.passes.integers.pairs import has_one_type
from modelgen.passes.integers.tables import add_requantization


def fuse_max_pool(to: Fusion, node: Node, result: Result) -> bool:
    """Add a max-pooling of integers, in the quantization of its input.

    It does not matter whether values are quantized before or after the maximum is taken.
    """
    source, operator = to.source(node.inputs[0]), node.operator
    assert isinstance(operator, MaxPool2d)
    if source is None or operator.epilogue != Epilogue():
        return False
    _add(to, node, IntegerMaxPool2d(operator.window), source, result)
    return True


def fuse_average(to: Fusion, node: Node, result: Result) -> bool:
    """Add an average pooling of integers; return False if it cannot be one."""
    source = to.source(node.inputs[0])
    shape = to.graph.tensors[node.inputs[0]].shape
    found = _window(node.operator, shape)
    if source is None or found is None or not has_one_type(to.contract, [source], result):
        return False
    window, counts_padding = found
    if window.kernel == shape[1:3] and not any(window.padding):
        to.add(node, _mean(to.contract, source, result, shape), [source.tensor], result)
    elif to.contract is Contract.ONNXRUNTIME:
        given, own = source.quantization, result.quantization
        pooling = Fp32AvgPool2d(window, counts_padding, given, own, result.offset)
        to.add(node, pooling, [source.tensor], result)
    else:
        padded, window = _padded(to, node, source, window) if counts_padding else (source, window)
        _add(to, node, IntegerAvgPool2d(window), padded, result)
    return True


def _add(to: Fusion, node: Node, operator: Operator, source: Source, result: Result) -> None:
    """Add an operator whose results have its input's quantization, and the change of that."""
    if source.quantization == result.quantization:
        to.add(node, operator, [source.tensor], result)
        return
    pooled = to.between(node, operator, [source.tensor], source.quantization)
    add_requantization(to, node, Source(pooled, source.quantization), result)


def _padded(to: Fusion, node: Node, source: Source, window: Window) -> tuple[Source, Window]:
    """Return maps that have the padding of a window, and the window without it."""
    if not any(window.padding):
        return source, window
    top, bottom, left, right = window.padding
    zero = float(source.quantization.zero_point)
    pad = Pad((0, top, left, 0), (0, bottom, right, 0), value=zero)
    name = to.between(node, pad, [source.tensor], source.quantization)
    return Source(name, source.quantization), replace(window, padding=(0, 0, 0, 0))


def _mean(contract: Contract, source: Source, result: Result, shape: Shape) -> Operator:
    """Return the mean over rows and columns."""
    given, own = source.quantization, result.quantization
    if contract is Contract.ONNXRUNTIME:
        return Fp32Mean((1, 2), given, own)
    factor = float(given.single) / float(own.single)
    multiplier = mean_multiplier(factor, math.prod(shape[1:3]))
    return IntegerMean((1, 2), given.zero_point, multiplier, own.zero_point)


def _window(operator: Operator, shape: Shape) -> tuple[Window, bool] | None:
    """Return the window of an average pooling, and whether averages are of the padding too."""
    if isinstance(operator, AvgPool2d):
        return (operator.window, True) if operator.epilogue == Epilogue() else None
    assert isinstance(operator, UnevenAvgPool2d)
    axes = (operator.rows, operator.columns)
    found = [_along(spans, size) for spans, size in zip(axes, shape[1:3], strict=True)]
    counts = [tuple(end - begin for begin, end in spans) for spans in axes]
    if None in found or counts != [operator.row_counts, operator.column_counts]:
        return None
    (rows, top, bottom, down), (columns, left, right, across) = (each for each in found if each)
    return Window((rows, columns), (down, across), (top, bottom, left, right)), False


def _along(spans: Sequence[Span], size: int) -> tuple[int, int, int, int] | None:
    """Return kernel, padding before and after, and stride of windows along an axis, or None.

    Args:
        spans: the pixels under each window; less than the kernel at the edges.
        size: of the axis.
    """
    kernel = max(end - begin for begin, end in spans)
    for stride in range(1, size + 1):
        for before in range(kernel):
            starts = [place * stride - before for place in range(len(spans))]
            cut = [(max(start, 0), min(start + kernel, size)) for start in starts]
            after = starts[-1] + kernel - size
            if cut == list(spans) and -stride < after < kernel:
                return kernel, before, max(after, 0), stride
    return None
