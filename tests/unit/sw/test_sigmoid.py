"""Sigmoid of the device: error bound, special values, equality with the reference."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.arithmetic.exponential import sigmoid as reference_sigmoid
from tests.support import runtime_host

# As stated in heepstor/sigmoid.hpp.
RELATIVE_ERROR = 5e-7


def test_it_is_within_its_bound() -> None:
    values = np.linspace(-86.9999, 86.9999, 20001).astype(np.float32)
    wanted = 1.0 / (1.0 + np.exp(-values.astype(np.float64)))
    error = np.abs(runtime_host.connect().sigmoid(values) / wanted - 1)
    assert 1e-8 < error.max() < RELATIVE_ERROR


def test_special_values() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 200.0, -200.0], np.float32)
    got = runtime_host.connect().sigmoid(values)
    assert got.view(np.uint32)[0] == 0x7FC00000
    assert got[1:].tolist() == [1.0, 0.0, 0.5, 0.5, 1.0, 0.0]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=20), st.booleans())
def test_it_equals_the_reference(values: list[float], in_place: bool) -> None:
    given_values = np.array(values, np.float32)
    got = runtime_host.connect().sigmoid(given_values, in_place)
    assert got.view(np.uint32).tolist() == reference_sigmoid(given_values).view(np.uint32).tolist()
