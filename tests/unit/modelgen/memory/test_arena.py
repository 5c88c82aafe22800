"""Offsets of what lives for some layers: nothing overlaps, and little is wasted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.memory import arena

lifetimes = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.builds(
        lambda first, length, size: arena.Lifetime(first, first + length, size),
        st.integers(0, 8),
        st.integers(1, 4),
        st.integers(4, 400),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(lifetimes)
def test_arena_keeps_living_tensors_apart(living: dict[str, arena.Lifetime]) -> None:
    placed = arena.place(living)
    assert placed.size >= placed.lower_bound
    for name, mine in living.items():
        assert placed.offsets[name] % 16 == 0
        assert placed.offsets[name] + mine.size <= placed.size
        for other, theirs in living.items():
            if other != name and mine.meets(theirs):
                begin, end = placed.offsets[other], placed.offsets[other] + theirs.size
                assert placed.offsets[name] >= end or placed.offsets[name] + mine.size <= begin


def test_arena_of_a_chain_reaches_the_lower_bound() -> None:
    living = {f"t{i}": arena.Lifetime(i, i + 1, 64 * (i % 3 + 1)) for i in range(9)}
    placed = arena.place(living)
    assert placed.size == placed.lower_bound


def test_the_arena_rounds_to_lines_of_the_memory_port() -> None:
    living = {"a": arena.Lifetime(0, 1, 40), "b": arena.Lifetime(1, 2, 17)}
    placed = arena.place(living)
    assert placed.size == placed.lower_bound == 48 + 32
