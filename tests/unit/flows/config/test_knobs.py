"""Knobs that a dataclass declares: how their values are written, and where they stand."""

from dataclasses import dataclass
from typing import Annotated

import pytest

from flows.config.knobs import Aligned, Kind, Knob, flat, leaf, schema
from modelgen.ranges import AtLeast

SIZE = Knob("a size", AtLeast(1))
PLACE = Knob("an address", Aligned(0x1000), kind=Kind.ADDRESS)


@dataclass
class Inner:
    place: Annotated[int, PLACE]


@dataclass
class Outer:
    size: Annotated[int, SIZE]
    inner: Inner


def test_sections_within_sections():
    assert schema(Outer) == {"size": SIZE, "inner": {"place": PLACE}}
    assert list(flat(schema(Outer))) == [("size", SIZE), ("inner.place", PLACE)]
    assert leaf({"size": 1, "inner": {"place": 7}}, "inner.place") == 7


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (Kind.NUMBER, 12, 12),
        (Kind.NUMBER_OR_AUTO, "auto", None),
        (Kind.NUMBER_OR_AUTO, 12, 12),
        (Kind.ADDRESS, "0x10000000", 0x1000_0000),
        (Kind.ADDRESS, 4096, 4096),
    ],
)
def test_values_that_are_read(kind, written, value):
    assert kind.read(written) == value
    assert kind.read(kind.show(value) if isinstance(written, str) else value) == value


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Kind.NUMBER, "auto"),
        (Kind.NUMBER, "12"),
        (Kind.NUMBER, True),
        (Kind.NUMBER, 1.0),
        (Kind.NUMBER_OR_AUTO, "Auto"),
        (Kind.ADDRESS, "here"),
        (Kind.ADDRESS, None),
    ],
)
def test_values_that_are_refused(kind, written):
    with pytest.raises(ValueError):
        kind.read(written)


def test_addresses_are_shown_with_all_their_digits():
    assert Kind.ADDRESS.show(0x1000) == "0x00001000"


def test_an_aligned_region_ends_within_32_bits():
    aligned = Aligned(0x1000)
    assert 0 in aligned and 0xFFFF_F000 in aligned
    for value in (0x800, -0x1000, 1 << 32, True, "0x1000"):
        assert value not in aligned, value
    assert str(aligned) == "a multiple of 0x1000 within 32 bits"
