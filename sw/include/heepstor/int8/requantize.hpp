// From sums of products to 8-bit integers.
#pragma once

#include <cstdint>

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

/// The nearest integer, ties to even; numbers beyond all results become +-1024.
HEEPSTOR_INLINE std::int32_t nearest(float number) {
  constexpr float kIntegersOnly = 8388608.0f;  // from here on
  constexpr float kLargest = 1024.0f;
  const float size = __builtin_fminf(__builtin_fabsf(number), kLargest);
  const auto whole = static_cast<std::int32_t>((size + kIntegersOnly) - kIntegersOnly);
  return number < 0.0f ? -whole : whole;
}

HEEPSTOR_INLINE std::int32_t rounded(std::int32_t x, const SingleFactor& form) {
  return nearest(static_cast<float>(x) * form.factor);
}

HEEPSTOR_INLINE std::int8_t clamped(std::int32_t value, const Output& output) {
  value += output.zero_point;
  value = value < output.low ? output.low : value;
  return static_cast<std::int8_t>(value > output.high ? output.high : value);
}

/// A sum as an element of the output.
template <class Form>
HEEPSTOR_INLINE std::int8_t requantized(std::int32_t sum, const Form& form, const Output& output) {
  return clamped(rounded(sum, form), output);
}

}  // namespace heepstor::int8
