"""The logarithm: error bound for numbers of every size, special values."""

from __future__ import annotations

import numpy as np

from modelgen.arithmetic.logarithm import log
from tests.support.function_checks import check_special, every_exponent, relative_error, samples


def test_the_error_is_within_its_bound() -> None:
    every = every_exponent()
    assert relative_error(log, np.log, every[(every > 0) & (every < np.inf)]) < 5e-7
    assert relative_error(log, np.log, samples(0.25, 4.0)) < 5e-7


def test_special_values() -> None:
    check_special(log, np.nan, np.inf)
    got = log(np.array([0.0, -0.0, -1e-40, -3.0, 1.0], np.float32))
    assert got[:2].tolist() == [-np.inf] * 2
    assert got.view(np.uint32)[2:4].tolist() == [0x7FC00000] * 2
    assert got[4] == 0.0
