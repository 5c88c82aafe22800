"""Padding as TensorFlow computes it."""

from __future__ import annotations

import pytest

from modelgen.frontends.tflite.complaints import Refusal
from modelgen.frontends.tflite.records import OperatorRecord
from modelgen.frontends.tflite.windows import sliding_window
from tests.support.tflite_models import SAME, VALID


def operator(padding: int, stride: int, dilation: int = 1) -> OperatorRecord:
    options = {
        "Padding": padding,
        "StrideH": stride,
        "StrideW": stride,
        "DilationHFactor": dilation,
        "DilationWFactor": dilation,
    }
    return OperatorRecord("CONV_2D", "", options, (), ())


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "padding", "outputs"),
    [
        (7, 3, 1, 1, (1, 1), 7),
        (8, 3, 2, 1, (0, 1), 4),
        (7, 3, 2, 1, (1, 1), 4),
        (8, 4, 1, 1, (1, 2), 8),
        (9, 3, 1, 2, (2, 2), 9),
        (4, 1, 3, 1, (0, 0), 2),
    ],
)
def test_as_many_outputs_as_strides(
    size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int], outputs: int
) -> None:
    shape = 1, size, size, 1
    window = sliding_window(operator(SAME, stride, dilation), (kernel, kernel), shape)
    assert window.padding == padding * 2
    assert window.outputs(size, size) == (outputs, outputs)


def test_no_padding() -> None:
    window = sliding_window(operator(VALID, 2), (3, 3), (1, 8, 8, 1))
    assert window.padding == (0, 0, 0, 0)
    assert (window.stride, window.dilation) == ((2, 2), (1, 1))


def test_windows_have_pixels() -> None:
    with pytest.raises(Refusal, match="its window is empty"):
        sliding_window(operator(VALID, 0), (3, 3), (1, 8, 8, 1))
