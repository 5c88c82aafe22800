// FP32 operations as in the engine: every NaN result is the canonical one.
#pragma once

#include "heepstor/bits.hpp"

namespace heepstor::software {

inline float add(float left, float right) { return canonical_result(left + right); }
inline float multiply(float left, float right) { return canonical_result(left * right); }

/// The larger number, `left` if they are equal; NaN if either is NaN.
inline float maximum(float left, float right) {
  if (is_nan(left) || is_nan(right)) return to_float(kCanonicalNanBits);
  return left < right ? right : left;
}

inline float clamp(float value, float low, float high) {
  if (value < low) value = low;
  return value > high ? high : value;
}

}  // namespace heepstor::software
