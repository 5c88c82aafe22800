"""Broadcasting as loops over contiguous tensors."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from modelgen.operators.base import Shape
from modelgen.operators.broadcast import Loop, broadcast_loops

SHAPES: dict[str, tuple[tuple[Shape, ...], list[Loop]]] = {
    "equal": (((2, 3, 4), (2, 3, 4)), [Loop(24, (1, 1, 1))]),
    "rows": (((2, 3, 4), (4,)), [Loop(6, (4, 0, 4)), Loop(4, (1, 1, 1))]),
    "columns": (((2, 3, 4), (2, 3, 1)), [Loop(6, (4, 1, 4)), Loop(4, (1, 0, 1))]),
    "channels": (
        ((2, 5, 4), (2, 1, 4)),
        [Loop(2, (20, 4, 20)), Loop(5, (4, 0, 4)), Loop(4, (1, 1, 1))],
    ),
    "one-batch": (((1, 5, 4), (1, 1, 4)), [Loop(5, (4, 0, 4)), Loop(4, (1, 1, 1))]),
    "scalar": (((2, 3), ()), [Loop(6, (1, 0, 1))]),
    "outer-product": (((2, 1), (1, 3)), [Loop(2, (1, 0, 3)), Loop(3, (0, 1, 1))]),
    "of-one": (((1, 1), (1,)), [Loop(1, (1, 1, 1))]),
}


@pytest.mark.parametrize(("shapes", "wanted"), SHAPES.values(), ids=SHAPES)
def test_loops_are_as_few_as_possible(shapes: tuple[Shape, ...], wanted: list[Loop]) -> None:
    assert broadcast_loops(shapes) == wanted


def test_loops_visit_what_numpy_does() -> None:
    shapes = ((2, 1, 3, 1, 2), (3, 2, 1, 3, 2, 1), (2,))
    result = np.broadcast_shapes(*shapes)
    loops = broadcast_loops(shapes)
    for position, shape in enumerate(shapes):
        values = np.arange(np.prod(shape))
        visited = [
            sum(i * loop.strides[position] for i, loop in zip(indices, loops, strict=True))
            for indices in product(*(range(loop.size) for loop in loops))
        ]
        wanted = np.broadcast_to(values.reshape(shape), result)
        np.testing.assert_array_equal(values[visited], wanted.reshape(-1))
