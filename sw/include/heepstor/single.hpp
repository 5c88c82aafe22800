// FP32 operations that are one instruction on the device, with the same bits on a host.
#pragma once

#include <cstddef>

#include "heepstor/bits.hpp"
#include "heepstor/inlining.hpp"

namespace heepstor::detail {

inline constexpr float kNan = to_float(kCanonicalNanBits);
inline constexpr float kInfinity = __builtin_inff();

/// a * b + c, rounded once.
HEEPSTOR_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/// The larger one, +0 of two zeros; the other one if one is NaN.
HEEPSTOR_INLINE float larger(float a, float b) {
#ifdef __riscv
  return __builtin_fmaxf(a, b);
#else
  if (is_nan(a) || is_nan(b)) return is_nan(a) ? b : a;
  return a == b ? (__builtin_signbit(a) ? b : a) : (a > b ? a : b);
#endif
}

/// The smaller one, -0 of two zeros; the other one if one is NaN.
HEEPSTOR_INLINE float smaller(float a, float b) {
#ifdef __riscv
  return __builtin_fminf(a, b);
#else
  return -larger(-a, -b);
#endif
}

/// The polynomial with these coefficients, highest power first, one fma for each.
template <std::size_t n>
HEEPSTOR_INLINE float horner(const float (&coefficients)[n], float variable) {
  float value = coefficients[0];
  HEEPSTOR_UNROLL(16)
  for (std::size_t i = 1; i < n; ++i) value = fma(value, variable, coefficients[i]);
  return value;
}

}  // namespace heepstor::detail
