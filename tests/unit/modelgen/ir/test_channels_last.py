"""Feature maps in the device's order of dimensions, and back."""

from __future__ import annotations

import numpy as np

from modelgen.ir.channels_last import to_layout, values_from_layout, values_to_layout


def test_channels_of_feature_maps_come_last() -> None:
    assert to_layout((1, 3, 8, 6)) == (1, 8, 6, 3)
    assert to_layout((2, 10)) == (2, 10)
    assert to_layout(()) == ()


def test_a_value_keeps_its_channel_and_place() -> None:
    values = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    laid_out = values_to_layout(values)
    assert laid_out.shape == (2, 4, 5, 3) and laid_out.flags.c_contiguous
    assert laid_out[1, 2, 3, 0] == values[1, 0, 2, 3]
    rows = values.reshape(6, 20)
    assert values_to_layout(rows) is rows


def test_outputs_return_to_pytorch_s_order() -> None:
    values = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    outputs = values_to_layout(values).reshape(2, -1)
    np.testing.assert_array_equal(values_from_layout(outputs, (3, 4, 5), (3, 4, 5)), values)
    flattened = values_from_layout(outputs, (3, 4, 5), (60,))
    np.testing.assert_array_equal(flattened, values.reshape(2, 60))
    np.testing.assert_array_equal(values_from_layout(outputs, None, (60,)), outputs)
