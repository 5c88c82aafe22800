"""The CPU's slice arithmetic against exact rationals, over every class of FP32 number."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.targets.systolic import reference
from tests.support import exact, runtime_host

EDGE_BITS = [
    0x00000000,  # +0
    0x80000000,  # -0
    0x00000001,  # smallest subnormal
    0x807FFFFF,  # largest subnormal, negative
    0x00800000,  # smallest normal
    0x0CFFFFFF,  # exponent 25: the last that is aligned bit by bit
    0x0D000000,  # exponent 26: the first that the FPU aligns
    0x3F800000,  # 1
    0xBF7FFFFF,  # just above -1
    0x7F7FFFFF,  # largest
    0xFF7FFFFF,
    0x7F800000,  # inf
    0xFF800000,
    0x7FC00000,  # NaNs
    0x7F800001,
]

any_bits = st.integers(0, 2**32 - 1) | st.sampled_from(EDGE_BITS)
finite_bits = any_bits.filter(lambda bits: not exact.is_special(bits))
int8 = st.integers(-128, 127)


@st.composite
def near(draw: st.DrawFn, lowest: int, highest: int) -> int:
    """FP32 numbers of either sign with exponents in a range, so that alignment rounds often."""
    exponent = draw(st.integers(lowest, highest))
    # Few ones in the mantissa make ties, which round to even.
    fraction = draw(st.integers(0, 2**23 - 1) | st.sampled_from([0, 1, 2, 3, 5, 7]))
    return draw(st.integers(0, 1)) << 31 | exponent << 23 | fraction


numbers = st.sampled_from(
    [any_bits, finite_bits, near(0, 30), near(100, 130), near(120, 150), near(240, 254)]
)


def floats(bits: list[int]) -> np.ndarray:
    return np.array(bits, np.uint32).view(np.float32)


@settings(max_examples=600, deadline=None)
@given(st.data(), numbers)
def test_slice_dot_is_exact(data: st.DataObject, kind: st.SearchStrategy[int]) -> None:
    lanes = data.draw(st.integers(1, 32))
    values = data.draw(st.lists(kind, min_size=lanes, max_size=lanes))
    weights = data.draw(st.lists(int8, min_size=lanes, max_size=lanes))
    got = runtime_host.connect().slice_dot(floats(values), np.array(weights, np.int8))
    assert got == exact.slice_dot(values, weights)


def test_largest_sums_do_not_overflow() -> None:
    for value in (0x7F7FFFFF, 0x4B7FFFFF, 0x007FFFFF):
        for weight in (-128, 127):
            values, weights = [value] * 32, [weight] * 32
            got = runtime_host.connect().slice_dot(floats(values), np.array(weights, np.int8))
            assert got == exact.slice_dot(values, weights)


def test_many_slices_equal_the_reference() -> None:
    random = np.random.default_rng(7)
    for _ in range(200):
        lanes = int(random.integers(1, 33))
        values = random.standard_normal(lanes) * 2.0 ** random.integers(-30, 30, lanes)
        values = values.astype(np.float32)
        weights = random.integers(-127, 128, lanes).astype(np.int8)
        pair = values.reshape(1, 1, -1), weights.reshape(1, -1, 1)
        (expected,) = reference.slice_dots(*pair)
        assert runtime_host.connect().slice_dot(values, weights) == int(
            expected.view(np.uint32)[0, 0]
        )
