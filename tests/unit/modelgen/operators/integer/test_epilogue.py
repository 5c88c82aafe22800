"""Max-pooling, sums and functions after requantization."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.integer.requantization import Clamp
from modelgen.arithmetic.integer.sums import SumScales
from modelgen.operators import ByteTable, IntegerAdd
from modelgen.operators.integer.epilogue import IntegerEpilogue, integer_epilogue_of

ADDITION = IntegerAdd((3, -5), SumScales.of(0.5, 0.25, 0.5), 7, Clamp(-50, 60))


def test_nothing_happens_by_default() -> None:
    values = np.arange(-6, 6, dtype=np.int8).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(IntegerEpilogue().of(values, [], {}), values)
    assert not IntegerEpilogue().reads_operand and IntegerEpilogue().describe() == []


def test_windows_before_the_sum() -> None:
    values = np.array([1, 5, 9, -4, 2, 3, 7, 8, 6], np.int8).reshape(1, 3, 3, 1)
    operand = np.array([11], np.int8).reshape(1, 1, 1, 1)
    both = IntegerEpilogue((2, 2), ADDITION)
    assert both.stored(3, 3) == (1, 1) and both.reads_operand
    # The largest of 1, 5, -4, 2 is 5: (5 - 3) + (11 + 5) / 2 = 10 units of the result, and 7.
    assert both.of(values, [operand], {}).tolist() == [[[[17]]]]
    assert both.describe() == ["max-pool 2", "add, -50 to 60"]


def test_the_function_comes_last() -> None:
    values = np.array([[1, 5]], np.int8)
    operand = np.array([[11, 3]], np.int8)
    table = np.roll(np.arange(-128, 128), 1).astype(np.int8)
    found = IntegerEpilogue(addition=ADDITION, function="one less")
    # (1 - 3) + 16 / 2 and (5 - 3) + 8 / 2 units of the result, and 7.
    assert found.of(values, [operand], {"table": table}).tolist() == [[12, 12]]
    assert found.describe() == ["add, -50 to 60", "one less"]


def test_which_operators_have_one() -> None:
    assert integer_epilogue_of(ADDITION) == IntegerEpilogue(addition=ADDITION)
    assert integer_epilogue_of(ByteTable("tanh")) == IntegerEpilogue()
