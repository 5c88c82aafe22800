"""Movements: copies as parts, the loops of the kernel, and the bits that arrive."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modelgen.operators import Pad, Permute, Slice
from modelgen.operators.base import Cut, Shape
from modelgen.operators.movement import FILL, Movement, Part
from tests.support.movements import CASES, Case


def place(values: np.ndarray, offset: int, strides: tuple[int, ...], sizes: tuple[int, ...]):
    """Return the elements of a box, all of which must be in the array."""
    ends = [(size - 1) * stride for size, stride in zip(sizes, strides, strict=True)]
    assert offset + sum(min(end, 0) for end in ends) >= 0
    assert offset + sum(max(end, 0) for end in ends) < values.size
    flat = values.reshape(-1)[offset:]
    return np.lib.stride_tricks.as_strided(flat, sizes, [4 * stride for stride in strides])


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[0]))
def test_parts_applied_to_arrays_give_the_output(case: Case, merged: bool) -> None:
    operator, inputs = case
    shapes = [array.shape for array in inputs]
    shape = operator.infer_shape(shapes, {})
    bits = [array.view(np.uint32) for array in inputs]
    output, written = np.zeros(shape, np.uint32), np.zeros(shape, np.uint32)
    for part in operator.parts(shapes):
        part = part.merged().in_order_for_loops() if merged else part
        box = place(bits[part.source], part.source_offset, part.source_strides, part.sizes)
        place(output, part.offset, part.strides, part.sizes)[...] = box
        place(written, part.offset, part.strides, part.sizes)[...] += 1
    for gap in operator.gaps(shapes):
        assert gap.source == FILL and operator.fill is not None
        value = np.float32(operator.fill).view(np.uint32)
        place(output, gap.offset, gap.strides, gap.sizes)[...] = value
        place(written, gap.offset, gap.strides, gap.sizes)[...] += 1
    assert written.max() == written.min() == 1
    exact = operator.evaluate_exact(inputs, {}, Cut(8))
    np.testing.assert_array_equal(exact.view(np.uint32), output)


def test_a_part_of_a_permutation() -> None:
    (part,) = Permute((0, 2, 1)).parts([(2, 3, 4)])
    assert part == Part(0, (2, 4, 3), 0, (12, 1, 4), 0, (12, 3, 1))


@pytest.mark.parametrize(
    ("sizes", "source", "strides", "wanted"),
    [
        ((2, 3, 4), (12, 4, 1), (12, 4, 1), ((24,), (1,), (1,))),
        ((2, 3, 4), (12, 4, 1), (24, 4, 1), ((2, 12), (12, 1), (24, 1))),
        ((2, 1, 4), (4, 9, 1), (4, 9, 1), ((8,), (1,), (1,))),
        ((3, 2), (-1, -3), (2, 1), ((3, 2), (-1, -3), (2, 1))),
        ((3, 2), (0, 0), (2, 1), ((6,), (0,), (1,))),
        ((1, 1), (5, 1), (7, 1), ((1,), (1,), (1,))),
        ((), (), (), ((1,), (1,), (1,))),
    ],
)
def test_dimensions_that_continue_each_other_are_merged(
    sizes: tuple[int, ...],
    source: tuple[int, ...],
    strides: tuple[int, ...],
    wanted: tuple[tuple[int, ...], ...],
) -> None:
    merged = Part(1, sizes, 5, source, 7, strides).merged()
    assert merged == Part(1, wanted[0], 5, wanted[1], 7, wanted[2])


@pytest.mark.parametrize(
    ("sizes", "source", "strides", "innermost"),
    [
        ((100, 8), (9, 1), (16, 1), 8),
        ((100, 7), (8, 1), (16, 1), 100),
        ((5, 9), (1, 5), (9, 1), 9),
        ((9, 5), (1, 9), (5, 1), 9),
    ],
)
def test_the_innermost_loop_is_a_run_or_long(
    sizes: tuple[int, ...], source: tuple[int, ...], strides: tuple[int, ...], innermost: int
) -> None:
    ordered = Part(0, sizes, 0, source, 0, strides).in_order_for_loops()
    assert ordered.sizes[-1] == innermost
    assert sorted(ordered.sizes) == sorted(sizes)


def test_a_kernel_gets_a_table_of_boxes() -> None:
    kernel = Permute((0, 2, 1)).kernel([(1, 3, 5)], {})
    assert kernel is not None and kernel.table is not None
    assert kernel.call(["in"], "out", "boxes") == "heepstor::move(in, out, boxes)"
    assert kernel.table.define("boxes") == (
        "constexpr heepstor::Box<2> boxes[] = {{0, 0, {{3, 5, 1}, {5, 1, 3}}}};"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[0]))
def test_errors_move_with_their_values(case: Case) -> None:
    operator, inputs = case
    errors = [1.0 + np.arange(math.prod(a.shape), dtype=float).reshape(a.shape) for a in inputs]
    _, moved = operator.error_bound([(error, error) for error in errors], {})
    exact = operator.evaluate_exact([error.astype(np.float32) for error in errors], {}, Cut(8))
    fill = np.float32(np.nan if operator.fill is None else operator.fill)
    np.testing.assert_array_equal(moved, np.where(exact == fill, 0.0, exact))


@pytest.mark.parametrize(
    ("operator", "shape", "measured"),
    [
        (Permute((0, 1)), (1, 4096), 13317),
        (Permute((0, 2, 1)), (1, 64, 64), 24067),
        (Permute((0, 2, 1, 3)), (1, 64, 4, 3), 4618),
        (Pad((0, 1, 1, 0), (0, 1, 1, 0)), (1, 16, 16, 8), 11768),
        (Pad((0, 1, 1, 0), (0, 1, 1, 0), "reflect"), (1, 16, 16, 3), 5105),
    ],
    ids=str,
)
def test_cycles_are_as_measured(operator: Movement, shape: Shape, measured: int) -> None:
    kernel = operator.kernel([shape], {})
    assert kernel is not None and kernel.cycles == pytest.approx(measured, rel=0.07)


def test_bytes_are_copied_by_words_where_both_sides_have_whole_ones() -> None:
    """Measured: 487 cycles for the first one."""
    rows, column = (
        Pad(before, after).copying([(1, 49, 10, 1)], 1)
        for before, after in (((0,) * 4, (0, 1, 0, 0)), ((0, 1, 0, 0), (0,) * 4))
    )
    assert rows is not None and rows.cycles == pytest.approx(487, rel=0.05)
    assert column is not None and column.cycles > 2 * rows.cycles


def test_a_kernel_writes_into_a_larger_tensor() -> None:
    copy = Slice((0, 0), (3, 2), (1, 1))
    kernel = copy.copying([(3, 2)], 1, strides=(7, 1))
    assert kernel is not None and kernel.table is not None
    assert kernel.table.rows == ("{0, 0, {{2, 1, 1}, {3, 2, 7}}}",)


def test_bytes_are_filled_with_an_integer() -> None:
    operator = Pad((1,), (0,), value=-128.0)
    words, integers = (operator.copying([(3,)], size) for size in (4, 1))
    assert words is not None and words.arguments[0] == "heepstor::to_float(0xc3000000)"
    assert integers is not None and integers.arguments[0] == "-128"
