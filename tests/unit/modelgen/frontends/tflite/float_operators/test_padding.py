"""Padding, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import agree, random, refused

X = random(1, 6, 7, 4)
MAPS = np.array([[0, 0], [1, 2], [3, 0], [0, 0]], np.int32)
ALL = np.array([[0, 0], [1, 2], [3, 0], [0, 1]], np.int32)


@pytest.mark.parametrize("sides", [MAPS, ALL, ALL.astype(np.int64)])
def test_numbers(sides: np.ndarray) -> None:
    agree("PAD", [X], {1: sides}, exact=True)
    agree("PADV2", [X], {1: sides, 2: np.array(1.5, np.float32)}, exact=True)
    agree("PAD", [X[0]], {1: sides[1:]}, exact=True)


@pytest.mark.parametrize("mode", [0, 1])
def test_mirrors(mode: int) -> None:
    for sides in (MAPS, ALL):
        agree("MIRROR_PAD", [X], {1: sides}, mode=mode, exact=True)
    agree("MIRROR_PAD", [X[0, 0]], {1: ALL[2:]}, mode=mode, exact=True)


def test_refused() -> None:
    assert "adds [[0, 0]] to 4 dimensions" in refused("PAD", [X], {1: MAPS[:1]})
    wrong = np.array([[0, 0], [1, 2], [-1, 0], [0, 0]], np.int32)
    assert "adds [[0, 0], [1, 2], [-1, 0], [0, 0]] to 4" in refused("PAD", [X], {1: wrong})
    wrong[1:3] = [[1, 6], [0, 0]]
    assert "mirrors more than all elements of [1, 6, 7, 4]" in refused(
        "MIRROR_PAD", [X], {1: wrong}, mode=0
    )
