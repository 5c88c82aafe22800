"""Windows of convolutions and poolings, with the padding that TensorFlow computes."""

from __future__ import annotations

from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.records import OperatorRecord
from modelgen.operators.base import Shape
from modelgen.operators.window import Window

_SAME = 0


def sliding_window(operator: OperatorRecord, kernel: tuple[int, int], shape: Shape) -> Window:
    """Return the window of an operator.

    Args:
        operator: of the file, with options for strides and padding, and perhaps for dilation.
        kernel: rows, columns.
        shape: of the input, (batch, rows, columns, channels).
    """
    options = operator.options
    stride = options["StrideH"], options["StrideW"]
    dilation = options.get("DilationHFactor", 1), options.get("DilationWFactor", 1)
    if min(*kernel, *stride, *dilation) < 1:
        raise Refusal(f"its window is empty: {kernel}, strides {stride}, dilation {dilation}")
    if options["Padding"] != _SAME:
        return Window(kernel, stride, dilation=dilation)
    top, bottom = _around(shape[1], kernel[0], stride[0], dilation[0])
    left, right = _around(shape[2], kernel[1], stride[1], dilation[1])
    return Window(kernel, stride, (top, bottom, left, right), dilation)


def _around(pixels: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the padding before and after an axis with which each stride has an output."""
    outputs = -(-pixels // stride)
    needed = (outputs - 1) * stride + (kernel - 1) * dilation + 1
    total = max(needed - pixels, 0)
    return total // 2, total - total // 2
