// Roots, reciprocals and integer powers on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/elementwise.hpp"

namespace heepstor::detail {

struct Sqrt : OfAny {
  HEEPSTOR_INLINE float operator()(float x) const { return canonical_result(__builtin_sqrtf(x)); }
};

struct Rsqrt : OfAny {
  HEEPSTOR_INLINE float operator()(float x) const {
    return canonical_result(1.0f / canonical_result(__builtin_sqrtf(x)));
  }
};

/// x^exponent by repeated squaring.
template <unsigned exponent>
HEEPSTOR_INLINE float positive_power(float x) {
  if constexpr (exponent == 1) {
    return x;
  } else {
    const float root = positive_power<exponent / 2>(x);
    return exponent % 2 != 0 ? root * root * x : root * root;
  }
}

template <int exponent>
struct IntegerPower : OfAny {
  static_assert(exponent != 0, "x^0 is 1");

  HEEPSTOR_INLINE float operator()(float x) const {
    if constexpr (exponent < 0) {
      return canonical_result(1.0f / positive_power<-exponent>(x));
    } else {
      return canonical_result(positive_power<exponent>(x));
    }
  }
};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = sqrt(values[i]) of n values: NaN (0x7fc00000) below 0. `out` may be `values`. Correctly
/// rounded.
inline void sqrt(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::Sqrt{});
}

/// The same for 1 / sqrt(x): infinity for 0. Relative error 1.3e-7.
inline void rsqrt(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::Rsqrt{});
}

/// The same for x^exponent, for a negative exponent the reciprocal of the power. Relative error
/// 6e-8 times |exponent|.
template <int exponent>
void power(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::IntegerPower<exponent>{});
}

}  // namespace heepstor
