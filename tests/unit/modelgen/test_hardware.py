"""The sizes of the hardware: which are possible, and how the others are refused."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from flows import config
from modelgen.errors import ModelError
from modelgen.hardware import RANGES, Hardware


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"array_size": 6}, "array_size is 6; expected a multiple of 4 from 4 to 32"),
        ({"array_size": 0}, "array_size is 0"),
        ({"array_size": 36}, "array_size is 36"),
        ({"array_size": 8.0}, "array_size is 8.0"),
        ({"array_size": "8"}, "array_size is '8'"),
        ({"port_words": 3}, "port_words is 3; expected a power of two from 1 to 8"),
        ({"port_words": 16}, "port_words is 16"),
        ({"port_words": 8}, "port_words is 8, which needs an array_size of 16, 24 or 32"),
        ({"port_words": 8, "array_size": 12}, "port_words is 8, which needs"),
        ({"port_words": 8, "array_size": 28}, "port_words is 8, which needs"),
        ({"int8": 1}, "int8 is 1; expected true or false"),
        ({"port_words": True}, "port_words is True"),
        ({"buffer_words": 128}, "buffer_words is 128; expected a power of two from 256 to 65536"),
        ({"buffer_words": 1000}, "buffer_words is 1000"),
        ({"accumulator_depth": 8}, "accumulator_depth is 8; expected a power of two from 16 to"),
        ({"accumulator_depth": 8192}, "accumulator_depth is 8192"),
        ({"memory_bytes": -1}, "memory_bytes is -1; expected an integer >= 1"),
        ({"stack_bytes": 0}, "stack_bytes is 0"),
        ({"arena_bytes": 0}, "arena_bytes is 0"),
        ({"clock_hz": 0}, "clock_hz is 0"),
        (
            {"memory_bytes": 8192},
            "stack and arena take 8 KiB, which leaves nothing of the memory's 8",
        ),
        ({"arena_bytes": 1 << 20}, "take 1032 KiB, which leaves nothing of the memory's 1024 KiB"),
        ({"array_size": 6, "port_words": 3}, "array_size is 6; .*; port_words is 3"),
    ],
)
def test_impossible_sizes_are_refused(sizes: dict, expected: str) -> None:
    pattern = expected if ".*" in expected else re.escape(expected)
    with pytest.raises(ModelError, match=pattern):
        Hardware(**sizes)


@pytest.mark.parametrize(
    "sizes",
    [
        {"array_size": 4, "port_words": 1, "buffer_words": 256, "accumulator_depth": 16},
        {"array_size": 32, "port_words": 4, "buffer_words": 65536, "accumulator_depth": 4096},
        {"array_size": 12, "port_words": 2},
        {"array_size": 16, "port_words": 8, "int8": False},
        {"array_size": 24, "port_words": 8},
        {"memory_bytes": 8193},
        {"arena_bytes": 1},
    ],
)
def test_the_ends_of_each_range_are_possible(sizes: dict) -> None:
    assert Hardware(**sizes).to_dict().items() >= sizes.items()


def test_every_size_has_a_range() -> None:
    assert list(RANGES) == [field.name for field in fields(Hardware)]


def test_the_defaults_are_those_of_the_configuration() -> None:
    assert config.load(config.DEFAULT_PATH).hardware() == Hardware()


def test_an_element_of_the_array_does_two_macs_of_integers_in_a_cycle() -> None:
    assert Hardware(array_size=16).macs_per_cycle(int8=False) == 256
    assert Hardware(array_size=16).macs_per_cycle(int8=True) == 512
    assert Hardware(array_size=16, int8=False).macs_per_cycle(int8=True) == 256
