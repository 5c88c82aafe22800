"""Feature maps and windows."""

from __future__ import annotations

import pytest
import torch

from modelgen.frontends.nodes.node import FileNode, RefusedError
from modelgen.frontends.tflite.float_operators.maps import (
    channels_first,
    channels_last,
    window_of,
)


def node(**options: int) -> FileNode:
    return FileNode("n", "CONV_2D", {"StrideH": 1, "StrideW": 1, **options}, (), (), {})


def test_orders() -> None:
    x = torch.zeros(1, 2, 3, 4)
    maps = channels_first(node(), x)
    assert maps.shape == (1, 4, 2, 3)
    assert channels_last(maps).shape == x.shape
    with pytest.raises(RefusedError, match="feature maps of 4 dimensions, not of 3"):
        channels_first(node(), x[0])


def test_the_odd_element_of_the_padding_is_behind() -> None:
    window = window_of(node(Padding=0, StrideH=2), (3, 4), (6, 5))
    assert (window.before, window.after) == ((0, 1), (1, 2))
    window = window_of(node(Padding=0, DilationHFactor=2), (3, 1), (6, 5))
    assert (window.before, window.after, window.dilation) == ((2, 0), (2, 0), (2, 1))
    window = window_of(node(Padding=1, StrideH=2), (3, 4), (6, 5))
    assert (window.before, window.after) == ((0, 0), (0, 0))


@pytest.mark.parametrize("wrong", [{"StrideH": 0}, {"DilationWFactor": -1}])
def test_empty_windows_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(RefusedError, match="has an empty window"):
        window_of(node(Padding=0, **wrong), (3, 4), (6, 5))
