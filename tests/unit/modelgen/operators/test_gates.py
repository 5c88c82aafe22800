"""Gates of recurrent layers: how errors of products and sums are bounded."""

from __future__ import annotations

import numpy as np

from modelgen.operators import gates


def test_errors_cover_what_inexact_operands_may_give() -> None:
    random = np.random.default_rng(0)
    left, right = random.standard_normal((2, 100))
    errors = random.uniform(0, 1e-3, (2, 100))
    for function, exact in ((gates.product, left * right), (gates.total, left + right)):
        value, bound = function((left, errors[0]), (right, errors[1]))
        np.testing.assert_array_equal(value, exact)
        for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            moved = left + signs[0] * errors[0], right + signs[1] * errors[1]
            other = moved[0] * moved[1] if function is gates.product else moved[0] + moved[1]
            assert (np.abs(other - exact) <= bound).all()
        assert (bound < 1e-2).all()


def test_gates_follow_each_other() -> None:
    values = np.arange(12.0).reshape(2, 6)
    assert [part.tolist() for part in gates.split(values, 3)] == [
        [[0, 1], [6, 7]],
        [[2, 3], [8, 9]],
        [[4, 5], [10, 11]],
    ]
    (first, error), *_ = gates.parts((values, values / 8), 3)
    np.testing.assert_array_equal(error, first / 8)
    np.testing.assert_array_equal(gates.negative((first, error))[0], -first)
