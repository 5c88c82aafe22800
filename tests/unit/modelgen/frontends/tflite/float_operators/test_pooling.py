"""Poolings, beside LiteRT."""

from __future__ import annotations

import pytest

from tests.support.tflite_floats import agree, random, refused

X = random(1, 6, 7, 4)


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [(2, 2), (3, 2), (5, 6)])
def test_poolings(kind: str, padding: int, stride: int, kernel: tuple[int, int]) -> None:
    options = {"filterHeight": kernel[0], "filterWidth": kernel[1], "padding": padding}
    options |= {"strideH": stride, "strideW": stride, "fusedActivationFunction": padding}
    agree(kind, [X], **options, exact=kind == "MAX_POOL_2D")


def test_windows_larger_than_the_map_are_refused() -> None:
    options = {"filterHeight": 9, "filterWidth": 2, "padding": 1, "strideH": 1, "strideW": 1}
    assert "Layer 't1' (MAX_POOL_2D) cannot take 't0' (1x6x7x4): " in refused(
        "MAX_POOL_2D", [X], **options
    )
