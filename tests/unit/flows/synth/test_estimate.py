"""How large an array would fit."""

import pytest

from flows.synth import estimate
from flows.synth.hierarchy import Instance
from flows.synth.resources import Resources
from tests.support.elaborated import soc


def test_other_sizes_are_estimated_by_what_grows():
    for size in (4, 12, 32):
        assert estimate.scaled(soc(8), size) == soc(size).total


@pytest.mark.parametrize(
    ("holds", "size", "lacking"),
    [
        (Resources(230_400, 100_000, 460_800, 1_728, 312.0, 96), 40, "DSP"),
        (Resources(9_000, 100_000, 460_800, 1_728, 312.0, 96), 8, "LUT"),
        (Resources(100, 1, 1, 1_728, 312.0, 96), 0, "LUT"),
    ],
)
def test_largest_array_is_the_last_that_fits(holds, size, lacking):
    found = estimate.largest_array(soc(8), holds)
    assert (found["size"], found["lacking"], found["from"]) == (size, lacking, 8)


def test_design_without_array_has_no_largest():
    assert estimate.largest_array(Instance("a", "a", Resources()), Resources()) is None
