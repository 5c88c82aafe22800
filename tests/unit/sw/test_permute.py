"""Permutations on the CPU."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.support import runtime_host


@pytest.mark.parametrize("axes", list(itertools.permutations(range(4))))
def test_permute(axes: tuple[int, ...]) -> None:
    patterns = np.random.default_rng(0).integers(0, 2**32, (3, 4, 1, 5), np.uint32)
    got = runtime_host.connect().permute(patterns.view(np.float32), axes)
    np.testing.assert_array_equal(got.view(np.uint32), patterns.transpose(axes))
