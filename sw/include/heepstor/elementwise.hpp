// Functions of one value, applied to each value of an array.
#pragma once

#include <cstddef>

#include "heepstor/single.hpp"

namespace heepstor::detail {

/// Base of functions that take finite values only. What belongs to the others is in `below`, for
/// -infinity, and `above`, for infinity; NaN gives NaN (0x7fc00000).
struct OfFinite {
  float below;
  float above;

  /// Whether none of four values is infinite or NaN; it may be false for very large ones.
  static HEEPSTOR_INLINE bool are_regular(float a, float b, float c, float d) {
    const float sum = (a + b) + (c + d);
    return sum - sum == 0.0f;
  }
  static HEEPSTOR_INLINE bool is_regular(float value) { return value - value == 0.0f; }
  HEEPSTOR_INLINE float irregular(float value) const {
    if (is_nan(value)) return kNan;
    return value < 0.0f ? below : above;
  }
};

/// Base of functions that need no such distinction.
struct OfAny {
  static constexpr bool are_regular(float, float, float, float) { return true; }
  static constexpr bool is_regular(float) { return true; }
  static constexpr float irregular(float value) { return value; }
};

/// One value after the other.
template <class Function>
__attribute__((noinline)) void map_slowly(const float* values, float* out, std::size_t n,
                                          Function function) {
  for (std::size_t i = 0; i < n; ++i) {
    const float value = values[i];
    out[i] = function.is_regular(value) ? function(value) : function.irregular(value);
  }
}

/// out[i] = function(values[i]) of n values. `out` may be `values`.
///
/// Four at a time: an operation takes two cycles, of which the second is free for another value.
template <class Function>
HEEPSTOR_INLINE void map(const float* values, float* out, std::size_t n, Function function) {
  constexpr std::size_t kBlock = 4;
  for (; n >= kBlock; n -= kBlock, values += kBlock, out += kBlock) {
    const float a = values[0], b = values[1], c = values[2], d = values[3];
    if (__builtin_expect(!function.are_regular(a, b, c, d), 0)) {
      map_slowly(values, out, kBlock, function);
      continue;
    }
    const float results[] = {function(a), function(b), function(c), function(d)};
    for (std::size_t i = 0; i < kBlock; ++i) out[i] = results[i];
  }
  if (n != 0) map_slowly(values, out, n, function);
}

}  // namespace heepstor::detail
