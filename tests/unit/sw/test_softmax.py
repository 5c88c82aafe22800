"""Softmax of the device: error bounds, special values, equality with the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.arithmetic.softmax import softmax as reference_softmax
from modelgen.operators import Softmax
from tests.support import runtime_host
from tests.support.kernel_host import check_kernels

# As stated in heepstor/softmax.hpp.
RELATIVE_ERROR_OF_EXP = 4.1e-7
ABSOLUTE_ERROR_OF_SHORT_ROWS = 4e-7

CANONICAL_NAN = 0x7FC00000


def exact_softmax(logits: np.ndarray) -> np.ndarray:
    wide = logits.astype(np.float64)
    powers = np.exp(wide - wide.max())
    return powers / powers.sum()


def bits(values: np.ndarray) -> list[int]:
    return np.asarray(values, np.float32).view(np.uint32).tolist()


def relative_error_bound(n: int) -> float:
    return (n + 20) * 2.0**-24


def test_exp_is_within_its_bound() -> None:
    """Beside a logit of 0 and far below it, the sum is exactly 1 and outputs are exp(logit)."""
    worst = 0.0
    for logit in np.linspace(-86.9999, -18.0, 4001).astype(np.float32):
        got = runtime_host.connect().softmax(np.array([0.0, logit], np.float32))
        worst = max(worst, abs(float(got[1]) / np.exp(np.float64(logit)) - 1))
    assert 1e-7 < worst < RELATIVE_ERROR_OF_EXP


@pytest.mark.parametrize("spread", [0.1, 1.0, 5.0, 30.0])
@pytest.mark.parametrize("classes", [2, 10, 100, 1000])
def test_softmax_is_within_its_bound(classes: int, spread: float) -> None:
    random = np.random.default_rng(classes)
    for _ in range(100):
        logits = (random.standard_normal(classes) * spread).astype(np.float32)
        exact = exact_softmax(logits)
        error = np.abs(runtime_host.connect().softmax(logits) - exact)
        # Subtracting the largest logit rounds too: |d| 2^-24 of exp(d) is 0.37 * 2^-24 at most.
        assert (error <= relative_error_bound(classes) * exact + 2.0**-25).all()
        if classes <= 16:
            assert error.max() <= ABSOLUTE_ERROR_OF_SHORT_ROWS


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=20), st.booleans())
def test_softmax_equals_the_reference(values: list[float], in_place: bool) -> None:
    logits = np.array(values, np.float32)
    got = runtime_host.connect().softmax(logits, in_place)
    assert bits(got) == bits(reference_softmax(logits[None])[0])


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from([1, 7, 10, 20]))
def test_constant_lengths_give_the_same(data: st.DataObject, classes: int) -> None:
    number = st.floats(width=32) | st.floats(-50, 50, width=32)
    values = data.draw(st.lists(number, min_size=classes, max_size=classes))
    logits = np.array(values, np.float32)
    got = runtime_host.connect().softmax_of_constant_length(logits)
    assert bits(got) == bits(reference_softmax(logits[None])[0])


@pytest.mark.parametrize(
    "logits",
    [[np.nan, 1.0], [1.0, np.nan], [np.inf, 1.0], [np.inf, np.inf], [-np.inf, -np.inf], [np.nan]],
)
def test_undefined_rows_are_canonical_nan(logits: list[float]) -> None:
    got = runtime_host.connect().softmax(np.array(logits, np.float32))
    assert bits(got) == [CANONICAL_NAN] * len(logits)


@pytest.mark.parametrize("columns", [1, 3, 10, 16, 17, 40])
@pytest.mark.parametrize("log", [False, True])
def test_rows_of_all_kinds_equal_those_of_the_operator(columns: int, log: bool) -> None:
    """Near and far rows, large logits, infinities and NaN; both work in place as well."""
    random = np.random.default_rng(columns)
    spread = np.array([0.1, 5.0, 40.0, 1e4])[:, None, None]
    offset = np.array([0.0, -3e4, 4e4, 1e30])[:, None]
    rows = (random.normal(0, 1, (4, 4, columns)) * spread + offset).astype(np.float32)
    special = np.repeat(rows[1, :1], 4, axis=0)
    special[:, 0] = np.inf, -np.inf, np.nan, 200.0
    everything = np.concatenate([rows.reshape(-1, columns), special])
    check_kernels([(Softmax(log), [everything])])


def test_minus_infinity_and_far_logits_give_zero() -> None:
    got = runtime_host.connect().softmax(np.array([-np.inf, 0.0, -87.5, -1e30], np.float32))
    assert got.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_nothing_in_nothing_out() -> None:
    assert runtime_host.connect().softmax(np.zeros(0, np.float32)).size == 0
