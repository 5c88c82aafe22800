// From sums of products to 8-bit integers.
#pragma once

#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/inlining.hpp"

namespace heepstor::int8 {

/// A product with a factor, rounded: (x multiplier + c) >> shift, where c is `positive` for x >= 0
/// and `negative` for x < 0.
struct ShiftForm {
  std::int64_t positive;
  std::int64_t negative;
  std::int32_t multiplier;
  std::int32_t shift;
};

/// A product with a factor in FP32, rounded to the nearest integer, ties to even.
struct SingleFactor {
  float factor;
};

/// What follows rounding: the result's zero point, and its range.
struct Output {
  std::int32_t zero_point;
  std::int32_t low;
  std::int32_t high;
};

HEEPSTOR_INLINE std::int32_t rounded(std::int32_t x, const ShiftForm& form) {
  const std::int64_t product = std::int64_t{x} * form.multiplier;
  return static_cast<std::int32_t>((product + (x < 0 ? form.negative : form.positive)) >>
                                   form.shift);
}

HEEPSTOR_INLINE std::int8_t clamped(std::int32_t value, const Output& output) {
  value += output.zero_point;
  value = value < output.low ? output.low : value;
  return static_cast<std::int8_t>(value > output.high ? output.high : value);
}

/// The nearest integer, ties to even, as an element of the output. Numbers of any size are allowed;
/// NaN is none.
HEEPSTOR_INLINE std::int8_t nearest(float number, const Output& output) {
  // In sums with it, the last bit is worth 1. The bits of sums that are not negative are integers
  // in the same order; those of others are negative integers.
  constexpr float kIntegersOnly = 12582912.0f;
  constexpr auto kZero = static_cast<std::int32_t>(to_bits(kIntegersOnly));
  const std::int32_t zero = kZero - output.zero_point;
  auto sum = static_cast<std::int32_t>(to_bits(number + kIntegersOnly));
  sum = sum < zero + output.low ? zero + output.low : sum;
  sum = sum > zero + output.high ? zero + output.high : sum;
  return static_cast<std::int8_t>(sum - zero);
}

/// A sum as an element of the output.
HEEPSTOR_INLINE std::int8_t requantized(std::int32_t sum, const ShiftForm& form,
                                        const Output& output) {
  return clamped(rounded(sum, form), output);
}

/// The same for the other form of factors.
HEEPSTOR_INLINE std::int8_t requantized(std::int32_t sum, const SingleFactor& form,
                                        const Output& output) {
  return nearest(static_cast<float>(sum) * form.factor, output);
}

}  // namespace heepstor::int8
