// Implementation of softmax.hpp, in a header so that it can be compiled for rows of known length.
#pragma once

#include <cstddef>

#include "heepstor/exponential.hpp"
#include "heepstor/logarithm.hpp"

namespace heepstor::detail {

// Logits farther below the largest are not exponentiated, as exp() would leave the range of normal
// numbers.
inline constexpr float kFarthest = -87.0f;
// Logits from here on have no exact multiples of ln(2) near them.
inline constexpr float kLargestLogit = 32768.0f;

inline constexpr Power kPower = {};
inline constexpr Log kLogOfSum = {};

struct Range {
  float minimum;
  float maximum;

  /// NaNs are ignored unless there is nothing else.
  HEEPSTOR_INLINE void include(float value) {
    minimum = smaller(minimum, value);
    maximum = larger(maximum, value);
  }
  /// Whether no logit is far below the largest one, and none is infinite.
  HEEPSTOR_INLINE bool is_near() const {
    return (minimum - maximum >= kFarthest) & (__builtin_fabsf(maximum) < kLargestLogit);
  }
};

/// exp(x) over the power of two that is nearest to exp(largest), for the logits of a near row. It
/// takes no more operations than exp(x).
struct NearPower {
  Power power;
  /// Natural logarithm of exp(largest) over that power of two.
  float rest;

  explicit HEEPSTOR_INLINE NearPower(float largest) : power(from_memory(kPower)) {
    rest = power.reduce(largest).rest;
    power.reduce.rounder -= power.reduce.integer(largest);
  }
  HEEPSTOR_INLINE float operator()(float x) const { return power(x); }
};

/// exp(x - largest), for the logits of any row.
struct FarPower {
  Power power;
  float largest;

  explicit HEEPSTOR_INLINE FarPower(float largest) : power(from_memory(kPower)), largest(largest) {}
  HEEPSTOR_INLINE float operator()(float x) const {
    const float difference = x - largest;
    return difference < kFarthest ? 0.0f : power(difference);
  }
};

/// Applies a function to n values; `out` may be `values`. Four values are read before a result is
/// written, so that the compiler can interleave them.
template <std::size_t unroll = 1, class Function>
HEEPSTOR_INLINE void transform(const float* values, float* out, std::size_t n, Function function) {
  HEEPSTOR_UNROLL(unroll)
  for (; n >= 4; n -= 4, values += 4, out += 4) {
    const float a = values[0], b = values[1], c = values[2], d = values[3];
    const float results[] = {function(a), function(b), function(c), function(d)};
    for (std::size_t i = 0; i < 4; ++i) out[i] = results[i];
  }
  for (; n != 0; --n) *out++ = function(*values++);
}

/// The same without results.
template <std::size_t unroll = 1, class Function>
HEEPSTOR_INLINE void for_each(const float* values, std::size_t n, Function function) {
  HEEPSTOR_UNROLL(unroll)
  for (; n >= 4; n -= 4, values += 4) {
    for (std::size_t i = 0; i < 4; ++i) function(values[i]);
  }
  for (; n != 0; --n) function(*values++);
}

HEEPSTOR_INLINE Range range(const float* values, std::size_t n) {
  Range result{*values, *values};
  for_each<2>(values, n, [&](float value) { result.include(value); });
  return result;
}

/// Softmax of n > 0 values. A NaN among them, or a largest one that is infinite, makes the sum NaN,
/// and with it all results.
template <class Power>
HEEPSTOR_INLINE void softmax(const float* logits, float* out, std::size_t n, const Power& power) {
  float sum = 0.0f;
  transform<2>(logits, out, n, [&](float x) {
    const float result = power(x);
    sum += result;
    return result;
  });
  const float factor = 1.0f / sum;
  transform<2>(out, out, n, [=](float x) { return canonical_result(x * factor); });
}

/// The same for a near row of a constant length, all of which stays in registers.
template <std::size_t n>
HEEPSTOR_INLINE void near_softmax(const float (&logits)[n], float* out, float largest) {
  const NearPower power(largest);
  float powers[n];
  float sum = 0.0f;
  HEEPSTOR_UNROLL(32)
  for (std::size_t i = 0; i < n; ++i) sum += powers[i] = power(logits[i]);
  const float factor = 1.0f / sum;
  HEEPSTOR_UNROLL(32)
  for (std::size_t i = 0; i < n; ++i) out[i] = canonical_result(powers[i] * factor);
}

/// Log-softmax of n > 0 values: x - largest - log_of_sum.
HEEPSTOR_INLINE void subtract(const float* logits, float* out, std::size_t n, float largest,
                              float log_of_sum) {
  transform<2>(logits, out, n,
               [=](float x) { return canonical_result((x - largest) - log_of_sum); });
}

/// The sum of the powers of n values.
template <class Power>
HEEPSTOR_INLINE float sum_of_powers(const float* logits, std::size_t n, const Power& power) {
  float sum = 0.0f;
  for_each(logits, n, [&](float x) { sum += power(x); });
  return sum;
}

}  // namespace heepstor::detail
