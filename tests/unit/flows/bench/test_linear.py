"""The suite of linear layers: its goals."""

import copy

import pytest

from flows.bench import linear

FIGURES = {
    "programs": [{"name": "product", "array_size": 8, "cycles": 100, "goal": 100}],
    "error": [{"data": "normal", "depth": 72, "fp32": 2e-7, "array_8": 1e-7, "array_16": 1e-7}],
    "resources": {"processing_element": {"lut": 40, "dsp": 1}},
}


def test_nothing_is_missed_at_the_goals():
    assert linear.missed(FIGURES) == []


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("programs", 0, "cycles"), 101, "product at S = 8"),
        (("resources", "processing_element", "lut"), 65, "LUT"),
        (("resources", "processing_element", "dsp"), 2, "DSP"),
        (("error", 0, "array_16"), 3e-7, "normal"),
    ],
)
def test_each_goal_can_be_missed(path, value, named):
    figures = copy.deepcopy(FIGURES)
    *where, last = path
    place = figures
    for step in where:
        place = place[step]
    place[last] = value
    (line,) = linear.missed(figures)
    assert named in line
