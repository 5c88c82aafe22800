"""Outputs of inferences, sorted by samples."""

from __future__ import annotations

import numpy as np

from modelgen.samples import by_sample


def test_the_outputs_of_a_sample_follow_one_another() -> None:
    # Two inferences of two samples each: an output of two values, then one of a single value.
    rows = np.array([[10, 11, 20, 21, 1, 2], [30, 31, 40, 41, 3, 4]])
    assert by_sample(rows, [2, 1], 2).tolist() == [
        [10, 11, 1],
        [20, 21, 2],
        [30, 31, 3],
        [40, 41, 4],
    ]
