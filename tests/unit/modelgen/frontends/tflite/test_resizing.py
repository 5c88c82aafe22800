"""The pixels that a resize takes."""

from __future__ import annotations

import pytest

from modelgen.frontends.tflite.resizing import nearest_pixels


@pytest.mark.parametrize(
    ("align", "centers", "expected"),
    [
        (False, False, (0, 0, 1, 1, 2)),
        (True, False, (0, 1, 1, 2, 2)),
        (False, True, (0, 0, 1, 2, 2)),
    ],
)
def test_three_pixels_become_five(align: bool, centers: bool, expected: tuple[int, ...]) -> None:
    assert nearest_pixels(3, 5, align, centers) == expected


def test_one_pixel() -> None:
    assert nearest_pixels(4, 1, True, False) == (0,)
    assert nearest_pixels(1, 3, True, False) == (0, 0, 0)
