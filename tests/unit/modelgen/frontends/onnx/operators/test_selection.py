"""Slices and indices, against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest

from modelgen.errors import ModelError
from modelgen.frontends.onnx.builder import build
from tests.support.onnx_models import compare, imported, one, random

X = random(2, 7, 6)
LARGE = 2**63 - 1


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ([0, 1], [2, 5], None, None),
        ([1], [LARGE], [1], None),
        ([-3], [-1], [-1], None),
        ([0, 1], [LARGE, -1], [1, 2], [2, 3]),
        ([-1], [-LARGE], [1], [-1]),
        ([-2], [1], [1], [-2]),
        ([LARGE], [-LARGE], [2], [-4]),
        ([5], [0], [1], [-1]),
        ([-100], [100], [1], [1]),
        ([-100], [-6], [1], [-1]),
        ([-100], [-100], [1], [-2]),
        ([3], [2], [1], [1]),
    ],
)
def test_slices(
    starts: list[int], ends: list[int], axes: list[int] | None, steps: list[int] | None
) -> None:
    lists = {"starts": starts, "ends": ends, "axes": axes, "steps": steps}
    fixed = {name: np.array(given) for name, given in lists.items() if given is not None}
    compare(one("Slice", {"x": X}, fixed), {"x": X}, exact=True)


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("indices", [2, [3], [0, -1, 2, 2], [[0, 1], [4, -2]]])
def test_constant_indices(axis: int, indices: object) -> None:
    fixed = {"indices": np.array(indices)}
    compare(one("Gather", {"x": X}, fixed, axis=axis), {"x": X}, exact=True)


@pytest.mark.parametrize("shape", [(9, 5), (9,), (9, 2, 3)])
@pytest.mark.parametrize("kind", [np.int64, np.int32])
def test_rows_of_a_table(shape: tuple[int, ...], kind: type) -> None:
    ids = np.array([[3, 0, 8], [1, 1, 7]], kind)
    proto = one("Gather", {"ids": ids}, {"table": random(*shape)}, order=["table", "ids"])
    compare(proto, {"ids": ids}, exact=True)


def test_an_embedding_through_the_importer() -> None:
    ids = np.array([[3, 0, 8], [1, 1, 7]])
    proto = one("Gather", {"ids": ids}, {"table": random(9, 5)}, order=["table", "ids"])
    (node,) = imported(proto, {"ids": ids}).nodes
    assert type(node.operator).__name__ == "Embedding"


def test_indices_of_activations_are_refused() -> None:
    given = {"x": X, "ids": np.zeros((2, 3), np.int64)}
    with pytest.raises(ModelError, match=r"Layer 'node' \(Gather\) has indices, 'ids', that dep"):
        build(one("Gather", given))


@pytest.mark.parametrize("upper", [0, 1])
@pytest.mark.parametrize("diagonal", [None, 0, 2, -3])
def test_triangles(upper: int, diagonal: int | None) -> None:
    fixed = {} if diagonal is None else {"k": np.array(diagonal)}
    proto = one("Trilu", {"x": X}, fixed, upper=upper)
    compare(proto, {"x": X}, exact=True)
    imported(proto, {"x": X})


def test_slices_through_the_importer() -> None:
    fixed = {"starts": [-1, 1], "ends": [-LARGE, 5], "axes": [1, 2], "steps": [-2, 3]}
    proto = one("Slice", {"x": X}, {name: np.array(given) for name, given in fixed.items()})
    imported(proto, {"x": X})
