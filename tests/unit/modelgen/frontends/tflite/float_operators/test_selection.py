"""Slices and indices, beside LiteRT."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tflite_floats import agree, random, refused

X = random(2, 6, 7, 4)


def limits(begin: list[int], end: list[int], step: list[int]) -> dict[int, np.ndarray]:
    return {at: np.array(each, np.int32) for at, each in enumerate((begin, end, step), 1)}


@pytest.mark.parametrize(
    ("begin", "end", "step", "masks"),
    [
        ([0, 1, 2, 0], [2, 5, 7, 4], [1, 2, 1, 1], {}),
        ([0, -1, 2, 0], [2, 0, -1, 4], [1, -2, 2, 3], {}),
        ([0, -100, 100], [100, 100, -100], [1, 1, -1], {}),
        ([0, 0, 2, 0], [1, 0, -1, 4], [1, -1, 2, 3], {"beginMask": 2, "endMask": 2}),
        ([0, 2], [0, 3], [1, 1], {"shrinkAxisMask": 2, "endMask": 1}),
        ([0, -1], [0, 0], [1, 1], {"shrinkAxisMask": 2, "ellipsisMask": 1}),
        ([0, 0, 1], [1, 0, 3], [1, 1, 1], {"newAxisMask": 2}),
        ([0, 0, 0, 1], [1, 0, 0, 3], [1, 1, 1, 1], {"newAxisMask": 2, "ellipsisMask": 4}),
    ],
)
def test_slices(begin: list[int], end: list[int], step: list[int], masks: dict) -> None:
    agree("STRIDED_SLICE", [X], limits(begin, end, step), exact=True, **masks)


def test_parts() -> None:
    constants = {1: np.array([0, 1, 2, 0], np.int32), 2: np.array([2, 3, -1, 2], np.int32)}
    agree("SLICE", [X], constants, exact=True)


def test_indices() -> None:
    agree("GATHER", [X], {1: np.array([2, 0], np.int32)}, axis=1, exact=True)
    agree("GATHER", [X], {1: np.array([[1], [0]], np.int32)}, axis=-1, exact=True)
    agree("GATHER", [X], {1: np.array(3, np.int32)}, axis=2, exact=True)


def test_rows_of_tables() -> None:
    ids = np.array([[1, 4, 2]], np.int32)
    agree("GATHER", [ids], {0: random(7, 5)}, axis=0, exact=True)
    agree("EMBEDDING_LOOKUP", [ids[0]], {1: random(7, 5)}, exact=True)


def test_reversed() -> None:
    agree("REVERSE_V2", [X], {1: np.array([-2], np.int32)}, exact=True)


@pytest.mark.parametrize(
    ("kind", "constants", "options", "reason"),
    [
        ("STRIDED_SLICE", ([0], [1], [0]), {}, "has limits that do not fit"),
        ("STRIDED_SLICE", ([0] * 5, [1] * 5, [1] * 5), {}, "has 5 limits for 4 dimensions"),
        ("STRIDED_SLICE", ([9], [10], [1]), {"shrinkAxisMask": 1}, "takes element 9 of 2"),
        ("SLICE", ([0, 1], [2, 3]), {}, "has 2 beginnings and 2 sizes for 4 dimensions"),
        ("SLICE", ([0, 4, 0, 0], [2, 3, 7, 4]), {}, "takes 3 of 6 elements from 4 on"),
        ("GATHER", ([2],), {"axis": 0}, "has the index 2, of 2 elements along dimension 0"),
        ("GATHER", ([-1],), {"axis": 0}, "has an index below 0"),
        ("GATHER", ([1],), {"axis": 9}, "names dimension 9 of a tensor that has 4"),
        ("GATHER", ([1],), {"axis": 1, "batchDims": 1}, "chooses other elements for each sample"),
    ],
)
def test_refused(kind: str, constants: tuple, options: dict, reason: str) -> None:
    arrays = {at: np.array(each, np.int32) for at, each in enumerate(constants, 1)}
    assert reason in refused(kind, [X], arrays, **options)
