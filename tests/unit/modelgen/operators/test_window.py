"""Windows over feature maps: positions, taps and padding, against PyTorch's unfold()."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from modelgen.operators.window import Window, channels_first, pair_text
from tests.support.operator_checks import random_values

WINDOWS = [
    Window((1, 1)),
    Window((3, 2), stride=(2, 3)),
    Window((3, 3), padding=(1, 1, 2, 2)),
    Window((2, 3), stride=(1, 2), padding=(2, 2, 1, 1), dilation=(3, 2)),
]


def unfolded(window: Window, maps: np.ndarray) -> np.ndarray:
    """Return what torch finds under the window, shape (batch, channels, taps, positions)."""
    first = channels_first(torch.from_numpy(maps))
    padding = window.padding[0], window.padding[2]
    columns = functional.unfold(first, window.kernel, window.dilation, padding, window.stride)
    return columns.reshape(*first.shape[:2], window.taps, -1).numpy()


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_taps_are_those_of_torch(window: Window) -> None:
    maps = random_values(2, 7, 8, 3)
    wanted = unfolded(window, maps)
    taps = list(window.each_tap(maps, 0.0))
    rows, columns = window.outputs(7, 8)
    assert len(taps) == window.taps
    for index, tap in enumerate(taps):
        assert tap.shape == (2, rows, columns, 3)
        seen = wanted[:, :, index].reshape(2, 3, rows, columns).transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(tap, seen)


def test_padding_on_each_side() -> None:
    """Top, bottom, left, right, in NumPy and in PyTorch."""
    window = Window((1, 1), padding=(1, 0, 2, 3))
    maps = np.ones((1, 1, 1, 1), np.float32)
    wanted = [[-5.0] * 6, [-5.0, -5.0, 1.0, -5.0, -5.0, -5.0]]
    (tap,) = window.each_tap(maps, -5.0)
    assert tap[0, :, :, 0].tolist() == wanted
    assert window.pad(torch.from_numpy(maps), -5.0)[0, 0].tolist() == wanted


def test_negative_padding_leaves_pixels_out() -> None:
    """Top, bottom, left, right, in NumPy and in PyTorch."""
    window = Window((1, 1), padding=(-1, 0, 1, -2))
    maps = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    wanted = [[-5.0, 4.0, 5.0], [-5.0, 8.0, 9.0]]
    (tap,) = window.each_tap(maps, -5.0)
    assert tap[0, :, :, 0].tolist() == wanted
    assert window.pad(torch.from_numpy(maps), -5.0)[0, 0].tolist() == wanted
    assert window.outputs(3, 4) == (2, 3)


def test_positions_that_would_reach_over_the_edge_are_none() -> None:
    assert Window((3, 3), stride=(2, 2)).outputs(6, 7) == (2, 3)
    assert Window((3, 3), dilation=(2, 3)).outputs(5, 7) == (1, 1)


def test_description() -> None:
    assert Window((3, 5)).describe() == ["3x5"]
    window = Window((3, 3), stride=(2, 1), dilation=(2, 2))
    assert window.describe() == ["3x3", "stride 2x1", "dilation 2"]
    assert pair_text((4, 4)) == "4"


@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 1, 2, 2), (2, 0, 0, 1)])
@pytest.mark.parametrize(
    ("stride", "dilation"), [((1, 1), (1, 1)), ((2, 1), (1, 2)), ((3, 2), (2, 1))]
)
def test_parts_see_what_the_whole_sees(
    stride: tuple[int, int], dilation: tuple[int, int], padding: tuple[int, int, int, int]
) -> None:
    window = Window((3, 2), stride, padding, dilation)
    maps = np.arange(1 * 13 * 7 * 2, dtype=np.float32).reshape(1, 13, 7, 2)
    outputs = window.outputs(13, 7)[0]
    whole = list(window.each_tap(maps, -1.0))
    for rows in (range(outputs), range(1), range(outputs - 1, outputs), range(1, outputs - 1)):
        part, seen = window.part(13, rows)
        assert part.padding[2:] == padding[2:]
        taps = list(part.each_tap(maps[:, seen.start : seen.stop], -1.0))
        for got, wanted in zip(taps, whole, strict=True):
            assert (got == wanted[:, rows.start : rows.stop]).all()


def test_a_single_channel_has_the_strides_of_torch() -> None:
    """A convolution of PyTorch's reads wrong rows of maps whose strides fit both orders."""
    maps = torch.from_numpy(random_values(1, 16, 4, 1))
    weight = torch.from_numpy(random_values(2, 4, 4, 1))
    assert channels_first(maps).stride() == (64, 64, 4, 1)
    got = functional.conv2d(channels_first(maps), channels_first(weight), stride=(1, 3))
    wide = channels_first(maps).double(), channels_first(weight).double()
    wanted = functional.conv2d(*wide, stride=(1, 3))
    torch.testing.assert_close(got.double(), wanted, rtol=1e-5, atol=1e-5)
