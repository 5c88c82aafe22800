"""Values that a size may have: what is in, what is out, and how a rule describes itself."""

from __future__ import annotations

import pytest

from modelgen.ranges import AtLeast, Between, MultipleOf, PowerOfTwo, Range, is_integer


@pytest.mark.parametrize(
    ("rule", "inside", "outside", "text"),
    [
        (AtLeast(3), (3, 4, 10**12), (2, -3), "an integer >= 3"),
        (Between(2, 5), (2, 3, 5), (1, 6), "an integer from 2 to 5"),
        (MultipleOf(4, 4, 32), (4, 8, 32), (0, 6, 36), "a multiple of 4 from 4 to 32"),
        (PowerOfTwo(2, 16), (2, 4, 16), (1, 3, 12, 32), "a power of two from 2 to 16"),
        # Zero is no power of two, even where the range would allow it.
        (PowerOfTwo(-8, 2), (1, 2), (0, -1, -8), "a power of two from -8 to 2"),
    ],
)
def test_rules(rule: Range, inside: tuple[int, ...], outside: tuple[int, ...], text: str) -> None:
    assert all(value in rule for value in inside)
    assert not any(value in rule for value in outside)
    assert str(rule) == text


@pytest.mark.parametrize("rule", [AtLeast(0), Between(0, 9), MultipleOf(1, 0, 9), PowerOfTwo(1, 8)])
@pytest.mark.parametrize("value", [True, 1.0, "1", None, [1]])
def test_what_is_no_integer_is_outside(rule: Range, value: object) -> None:
    """True is 1 to Python, and 1.0 equals 1: neither is a size."""
    assert not is_integer(value)
    assert value not in rule
