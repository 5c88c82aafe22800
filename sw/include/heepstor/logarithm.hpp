// The natural logarithm on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/elementwise.hpp"

namespace heepstor::detail {

struct Log {
  std::uint32_t two_thirds = 0x3F2AAAAB;
  float one = 1.0f;
  float ln2 = 0x1.62e430p-1f;
  float smallest_normal = 0x1p-126f;
  // ln(1 + f) / f for f in -1/3 .. 1/3, but its last coefficient, which is 1; relative error 2e-7.
  float coefficients[7] = {
      -0x1.36d452p-3f, 0x1.5b70eap-3f, -0x1.5126aep-3f, 0x1.95f6fep-3f, -0x1.000c3ap-2f,
      0x1.555dcep-2f,  -0.5f};

  /// Values are regular if they are normal and positive.
  HEEPSTOR_INLINE bool are_regular(float a, float b, float c, float d) const {
    const float least = smaller(smaller(a, b), smaller(c, d));
    return least >= smallest_normal && OfFinite::are_regular(a, b, c, d);
  }
  HEEPSTOR_INLINE bool is_regular(float x) const {
    return x >= smallest_normal && OfFinite::is_regular(x);
  }
  /// The logarithm of a normal number over 2^scaling.
  HEEPSTOR_INLINE float of_normal(float x, std::int32_t scaling) const {
    const std::uint32_t bits = to_bits(x);
    const std::int32_t exponent = static_cast<std::int32_t>(bits - two_thirds) >> 23;
    const float mantissa = to_float(bits - (static_cast<std::uint32_t>(exponent) << 23));
    const float rest = mantissa - one;
    const float logarithm = fma(horner(coefficients, rest), rest, one) * rest;
    return fma(static_cast<float>(exponent - scaling), ln2, logarithm);
  }
  HEEPSTOR_INLINE float operator()(float x) const { return of_normal(x, 0); }
  HEEPSTOR_INLINE float irregular(float x) const {
    if (x == 0.0f) return -kInfinity;
    if (!(x > 0.0f)) return kNan;
    constexpr std::int32_t kScaling = 23;  // makes subnormal numbers normal
    return x < kInfinity ? of_normal(x * 0x1p23f, kScaling) : x;
  }
};

inline constexpr Log kLog = {};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = ln(values[i]) of n values: -infinity for 0, NaN below. `out` may be `values`. Relative
/// error 5e-7.
inline void log(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kLog));
}

}  // namespace heepstor
