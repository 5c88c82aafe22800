"""Changes of the size of maps, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import agree, graph_of, one, random, refused

X = random(1, 6, 7, 4)


@pytest.mark.parametrize(("align", "centers"), [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("size", [(12, 14), (9, 5), (3, 10), (6, 7), (1, 1)])
def test_sizes(align: bool, centers: bool, size: tuple[int, int]) -> None:
    constants = {1: np.array(size, np.int32)}
    options = {"alignCorners": align, "halfPixelCenters": centers}
    agree("RESIZE_NEAREST_NEIGHBOR", [X], constants, **options, exact=True)
    agree("RESIZE_BILINEAR", [X], constants, **options)


def test_a_resize_that_pytorch_has_is_one_layer() -> None:
    data = one("RESIZE_BILINEAR", [X], {1: np.array([12, 14], np.int32)}, halfPixelCenters=True)
    (node,) = graph_of(data, [X]).nodes
    assert type(node.operator).__name__ == "Resize"


def test_pixels_and_channels() -> None:
    agree("SPACE_TO_DEPTH", [random(2, 6, 4, 3)], blockSize=2, exact=True)
    agree("DEPTH_TO_SPACE", [random(2, 3, 4, 12)], blockSize=2, exact=True)


def test_refused() -> None:
    assert "gives [1, 6, 7, 4] the size [0, 3] instead of rows and columns" in refused(
        "RESIZE_BILINEAR", [X], {1: np.array([0, 3], np.int32)}
    )
    most = refused("RESIZE_BILINEAR", [X], {1: np.array([2**31 - 1, 3], np.int32)})
    assert "gives the shape 1x2147483647x3x4, of more than" in most
    both = {"alignCorners": True, "halfPixelCenters": True}
    assert "aligns corners of pixels that are at their centers" in refused(
        "RESIZE_BILINEAR", [X], {1: np.array([9, 9], np.int32)}, **both
    )
    assert "divides 6x7 pixels into squares of 2" in refused("SPACE_TO_DEPTH", [X], blockSize=2)
    assert "divides 4 channels into squares of 0" in refused("DEPTH_TO_SPACE", [X], blockSize=0)
