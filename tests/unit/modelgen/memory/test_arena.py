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


def meet(one: arena.Lifetime, other: arena.Lifetime) -> bool:
    return one.first <= other.last and other.first <= one.last


@settings(max_examples=200, deadline=None)
@given(lifetimes)
def test_arena_keeps_living_tensors_apart(living: dict[str, arena.Lifetime]) -> None:
    placed = arena.place(living)
    assert placed.size >= placed.lower_bound
    for name, mine in living.items():
        assert placed.offsets[name] % 16 == 0
        assert placed.offsets[name] + mine.size <= placed.size
        for other, theirs in living.items():
            if other != name and meet(mine, theirs):
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


@settings(max_examples=50, deadline=None)
@given(lifetimes)
def test_the_lower_bound_is_reached_during_some_layer(living: dict[str, arena.Lifetime]) -> None:
    lines = [
        sum(-(-item.size // 16) * 16 for item in living.values() if item.first <= at <= item.last)
        for at in range(13)
    ]
    usage = arena.Usage(living.values())
    assert arena.place(living).lower_bound == usage.most == max(lines)
    assert usage.fullest == lines.index(max(lines))


def test_usage_without_what_is_removed() -> None:
    parts = arena.Lifetime(0, 2, 40), arena.Lifetime(1, 1, 100), arena.Lifetime(2, 2, 64)
    usage = arena.Usage(parts)
    assert (usage.most, usage.fullest) == (48 + 112, 1)
    usage.remove(parts[1])
    assert (usage.most, usage.fullest) == (48 + 64, 2)


def test_regions_that_are_alive() -> None:
    living = {"a": arena.Lifetime(0, 2, 16), "b": arena.Lifetime(3, 4, 16)}
    placed = arena.place(living)

    def names(first: int, last: int) -> list[str]:
        return [region.name for region in placed.alive(first, last)]

    assert names(2, 2) == ["a"] and names(3, 9) == ["b"] and names(2, 3) == ["a", "b"]
    assert names(5, 9) == [] and arena.place({}).alive(0, 9) == []


def test_an_arena_of_nothing() -> None:
    placed = arena.place({})
    assert (placed.size, placed.lower_bound, placed.regions) == (0, 0, ())


def test_a_hole_between_others_is_used() -> None:
    """The one that dies first leaves room for one that is born later, below two that live on."""
    living = {
        "early": arena.Lifetime(0, 0, 64),
        "kept": arena.Lifetime(0, 3, 64),
        "kept too": arena.Lifetime(0, 3, 64),
        "later": arena.Lifetime(2, 3, 64),
    }
    placed = arena.place(living)
    assert placed.size == placed.lower_bound == 192
    assert placed.offsets["later"] == placed.offsets["early"]


def test_what_is_written_over_another_shares_its_place() -> None:
    """From the birth of the first to the death of the last; the lower bound counts it once."""
    living = {
        "operand": arena.Lifetime(0, 1, 64),
        "sum": arena.Lifetime(1, 2, 64),
        "again": arena.Lifetime(2, 3, 64),
        "beside": arena.Lifetime(0, 3, 32),
        "later": arena.Lifetime(3, 3, 16),
    }
    placed = arena.place(living, {"sum": "operand", "again": "sum"})
    assert placed.offsets["operand"] == placed.offsets["sum"] == placed.offsets["again"]
    assert len({placed.offsets[name] for name in ("sum", "beside", "later")}) == 3
    assert placed.size == placed.lower_bound == 64 + 32 + 16
    assert arena.place(living).lower_bound == 2 * 64 + 32


def test_regions_say_what_lies_where_and_when() -> None:
    living = {"a": arena.Lifetime(0, 1, 40), "b": arena.Lifetime(1, 2, 40)}
    regions = {region.name: region for region in arena.place(living, {"b": "a"}).regions}
    assert regions.keys() == living.keys()
    for name, region in regions.items():
        assert arena.Lifetime(region.first, region.last, region.size) == living[name]
    assert (regions["a"].over, regions["b"].over) == (None, "a")
    assert regions["a"].offset == regions["b"].offset == 0
