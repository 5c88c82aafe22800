"""The NumPy reference against exact rationals, over every class of FP32 number."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelgen.targets.systolic import reference
from tests.support import exact

EDGE_BITS = [
    0x00000000,  # +0
    0x80000000,  # -0
    0x00000001,  # smallest subnormal
    0x807FFFFF,  # largest subnormal, negative
    0x00800000,  # smallest normal
    0x3F800000,  # 1
    0x3F800001,  # next after 1
    0xBF7FFFFF,  # just above -1
    0x7F7FFFFF,  # largest
    0xFF7FFFFF,
    0x7F800000,  # inf
    0xFF800000,
    0x7FC00000,  # NaNs
    0xFFC00001,
    0x7F800001,
]

any_bits = st.integers(0, 2**32 - 1) | st.sampled_from(EDGE_BITS)
finite_bits = any_bits.filter(lambda bits: not exact.is_special(bits))


@st.composite
def close_bits(draw: st.DrawFn) -> int:
    """FP32 numbers with exponents near each other, so that alignment rounds often."""
    exponent = draw(st.integers(0, 40))
    return draw(st.integers(0, 1)) << 31 | exponent << 23 | draw(st.integers(0, 2**23 - 1))


def floats(bits: list[int]) -> np.ndarray:
    return np.array(bits, np.uint32).view(np.float32)


def bits_of(values: np.ndarray) -> list[int]:
    return np.asarray(values, np.float32).reshape(-1).view(np.uint32).tolist()


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from([finite_bits, close_bits(), any_bits]))
def test_slice_dot_is_exact(data: st.DataObject, numbers: st.SearchStrategy[int]) -> None:
    lanes = data.draw(st.integers(1, 32))
    values = data.draw(st.lists(numbers, min_size=lanes, max_size=lanes))
    weights = data.draw(st.lists(st.integers(-127, 127), min_size=lanes, max_size=lanes))
    pair = floats(values).reshape(1, 1, -1), np.array(weights, np.int8).reshape(1, -1, 1)
    (got,) = reference.slice_dots(*pair)
    assert bits_of(got) == [exact.slice_dot(values, weights)]


@settings(max_examples=300, deadline=None)
@given(any_bits, any_bits)
def test_add_and_multiply_are_exact(left: int, right: int) -> None:
    pair = floats([left]), floats([right])
    assert bits_of(reference.fp32_add(*pair)) == [exact.add(left, right)]
    assert bits_of(reference.fp32_mul(*pair)) == [exact.multiply(left, right)]


@pytest.mark.parametrize("left", EDGE_BITS)
@pytest.mark.parametrize("right", EDGE_BITS)
def test_edges_of_add_and_multiply(left: int, right: int) -> None:
    pair = floats([left]), floats([right])
    assert bits_of(reference.fp32_add(*pair)) == [exact.add(left, right)]
    assert bits_of(reference.fp32_mul(*pair)) == [exact.multiply(left, right)]


@settings(max_examples=100, deadline=None)
@given(st.lists(finite_bits | close_bits(), min_size=1, max_size=32))
def test_aligned_integers_fit_27_bits(values: list[int]) -> None:
    integers, exponents, invalid = reference.align(floats(values)[None])
    assert not invalid.any()
    assert np.abs(integers).max() < 1 << 26
    assert 1 <= exponents[0] <= 254


@settings(max_examples=100, deadline=None)
@given(st.integers(-(2**39), 2**39), st.integers(1, 254))
def test_normalize_rounds_once(dot: int, exponent: int) -> None:
    got = reference.normalize(np.array([dot]), np.array([exponent]))
    value = exact.Fraction(dot) * exact.Fraction(2) ** (exponent - 152)
    assert bits_of(got) == [exact.to_bits(value)]


def test_normalize_zero_is_positive_and_underflow_keeps_its_sign() -> None:
    assert bits_of(reference.normalize(np.array([0, -1, 1]), np.array([1, 1, 1]))) == [
        0x00000000,
        0x80000000,
        0x00000000,
    ]


@settings(max_examples=50, deadline=None)
@given(st.data(), st.sampled_from([4, 8, 12, 16, 32]))
def test_matmul_adds_slices_in_ascending_order(data: st.DataObject, size: int) -> None:
    length = data.draw(st.integers(1, 70))
    values = data.draw(st.lists(any_bits | close_bits(), min_size=length, max_size=length))
    weights = data.draw(st.lists(st.integers(-127, 127), min_size=length, max_size=length))
    expected = None
    for start in range(0, length, size):
        part = exact.slice_dot(values[start : start + size], weights[start : start + size])
        expected = part if expected is None else exact.add(expected, part)
    pair = floats(values)[None], np.array(weights, np.int8)[:, None]
    got = reference.matmul(*pair, reference.every(size, length))
    assert bits_of(got) == [expected]


def test_matmul_in_chunks_is_the_same() -> None:
    generator = np.random.default_rng(1)
    values = generator.standard_normal((5, 40)).astype(np.float32)
    weights = generator.integers(-127, 128, (40, 6)).astype(np.int8)
    slices = reference.every(8, 40)
    whole = reference.matmul(values, weights, slices)
    first = reference.matmul(values, weights, slices[:2])
    assert bits_of(reference.matmul(values, weights, slices[2:], first)) == bits_of(whole)


def test_slices_in_any_order_and_of_any_length() -> None:
    """What one block of rows and slices holds at a time does not change a bit."""
    generator = np.random.default_rng(2)
    values = generator.standard_normal((700, 300)).astype(np.float32)
    values[3, 5], values[690, 299] = np.nan, np.inf
    weights = generator.integers(-127, 128, (300, 200)).astype(np.int8)
    slices = [*np.array_split(generator.permutation(299), 40), np.array([299])]
    expected = np.full((700, 200), -0.0, np.float32)
    for indices in slices:
        integers, exponents, invalid = reference.align(values[:, indices])
        dots = integers.astype(np.int64) @ weights[indices].astype(np.int64)
        part = reference.normalize(dots, exponents[:, None])
        part[invalid] = reference.CANONICAL_NAN
        expected = reference.fp32_add(expected, part)
    got = reference.matmul(values, weights, slices)
    assert bits_of(got) == bits_of(expected)
    assert np.isnan(got).any(axis=1).nonzero()[0].tolist() == [3, 690]


def test_a_product_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        reference.matmul(np.ones((2, 0), np.float32), np.ones((0, 3), np.int8), [])


@pytest.mark.parametrize("left", EDGE_BITS)
@pytest.mark.parametrize("right", EDGE_BITS)
def test_sums_in_order_are_those_of_two_numbers(left: int, right: int) -> None:
    third = floats([0x3F800001])
    pair = floats([left]), floats([right])
    expected = reference.fp32_add(reference.fp32_add(*pair), third)
    assert bits_of(reference.add_in_order([*pair, third])) == bits_of(expected)
    assert bits_of(reference.add_in_order([pair[1], third], pair[0])) == bits_of(expected)
    assert bits_of(pair[0]) == [left], "an argument changed"


@settings(max_examples=100, deadline=None)
@given(any_bits, any_bits, any_bits)
def test_postprocess_rounds_twice(total: int, scale: int, bias: int) -> None:
    got = reference.postprocess(floats([total]), floats([scale]), floats([bias]))
    assert bits_of(got) == [exact.add(exact.multiply(total, scale), bias)]


@pytest.mark.parametrize(
    ("value", "clamped"),
    [
        (0x7FC00000, 0x7FC00000),  # NaN stays
        (0x80000000, 0x80000000),  # -0 equals the bound +0
        (0xBF800000, 0x00000000),
        (0x3F800000, 0x3F800000),
        (0x41000000, 0x40C00000),  # 8 becomes 6
        (0xFF800000, 0x00000000),
        (0x7F800000, 0x40C00000),
    ],
)
def test_clamp(value: int, clamped: int) -> None:
    assert bits_of(reference.clamp(floats([value]), 0.0, 6.0)) == [clamped]


def test_error_is_below_sequential_fp32() -> None:
    """Against float64 the sliced sum is nearer than adding one product after another in FP32."""
    generator = np.random.default_rng(0)
    values = generator.standard_normal((64, 784)).astype(np.float32)
    weights = generator.integers(-127, 128, (784, 16)).astype(np.int8)
    wanted = values.astype(np.float64) @ weights.astype(np.float64)
    sequential = np.zeros((64, 16), np.float32)
    for k in range(784):
        sequential += values[:, k, None] * weights[k].astype(np.float32)

    def error(result: np.ndarray) -> float:
        return float(np.abs(result - wanted).mean())

    sliced = reference.matmul(values, weights, reference.every(16, 784))
    assert error(sliced) < error(sequential) / 2


def test_speed_of_a_block() -> None:
    values = np.ones((64, 256), np.float32)
    weights = np.ones((256, 64), np.int8)
    start = time.perf_counter()
    reference.matmul(values, weights, reference.every(8, 256))
    assert time.perf_counter() - start < 0.5
