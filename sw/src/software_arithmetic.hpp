// FP32 operations as the engine does them: every NaN that comes out is the canonical one.
#pragma once

#include "heepstor/bits.hpp"

namespace heepstor::software {

inline float canonical(float value) { return is_nan(value) ? to_float(kCanonicalNanBits) : value; }

/// Of the FPU's own results: RISC-V's makes no other NaN.
inline float canonical_result(float value) {
#ifdef __riscv
  return value;
#else
  return canonical(value);
#endif
}

inline float add(float left, float right) { return canonical_result(left + right); }
inline float multiply(float left, float right) { return canonical_result(left * right); }

/// The larger, `left` of two equal numbers; NaN if one of them is.
inline float maximum(float left, float right) {
  if (is_nan(left) || is_nan(right)) return to_float(kCanonicalNanBits);
  return left < right ? right : left;
}

inline float clamp(float value, float low, float high) {
  if (value < low) value = low;
  return value > high ? high : value;
}

}  // namespace heepstor::software
