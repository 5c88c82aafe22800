// Rounding to integers, and signs, on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/elementwise.hpp"

namespace heepstor::detail {

struct Nearest : OfAny {
  HEEPSTOR_INLINE float operator()(float x) const {
    constexpr float kIntegersOnly = 8388608.0f;  // from here on
    const float size = __builtin_fabsf(x);
    if (!(size < kIntegersOnly)) return canonical_result(x + 0.0f);
    return __builtin_copysignf((size + kIntegersOnly) - kIntegersOnly, x);
  }
};

struct Floor : OfAny {
  HEEPSTOR_INLINE float operator()(float x) const {
    const float rounded = Nearest{}(x);
    return rounded > x ? rounded - 1.0f : rounded;
  }
};

struct Ceil : OfAny {
  HEEPSTOR_INLINE float operator()(float x) const { return canonical_result(-Floor{}(-x)); }
};

struct Sign : OfAny {
  HEEPSTOR_INLINE float operator()(float x) const {
    return static_cast<float>((x > 0.0f) - (x < 0.0f));
  }
};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = the integer that is nearest to values[i], the even one of two, of n values. `out` may
/// be `values`. Exact, as are the following.
inline void nearest(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::Nearest{});
}

/// The same for the largest integer that is not above.
inline void floor(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::Floor{});
}

/// The same for the smallest integer that is not below.
inline void ceil(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::Ceil{});
}

/// The same for 1, -1, or 0, which is also the sign of NaN.
inline void sign(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::Sign{});
}

}  // namespace heepstor
