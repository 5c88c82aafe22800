// Sine and cosine on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/elementwise.hpp"

namespace heepstor::detail {

/// 1 / pi in words of 32 bits, after 32 bits before the binary point.
inline constexpr std::uint32_t kInversePi[] = {0x00000000, 0x517CC1B7, 0x27220A94, 0xFE13ABE8,
                                               0xFA9A6EE0, 0x6DB14ACC, 0x9E21C820, 0xFF28B1D5};

/// x = h pi + r with |r| <= pi / 2, where h is an integer plus `offset`, and sin(r), with a sign
/// that follows from h.
struct Wave {
  float offset;
  /// 1.5 * 2^23, which rounds to integers; one more changes the sign.
  float rounder;
  float inverse_pi = 0x1.45f306p-2f;
  float minus_pi = -0x1.921fb6p+1f;
  float minus_pi_rest = 0x1.777a5cp-24f;
  float one = 1.0f;
  /// sin(r) / r as a polynomial of r^2, but its last coefficient, which is 1; error 5e-9.
  float coefficients[4] = {0x1.5cf930p-19f, -0x1.9f5ff4p-13f, 0x1.110e6ap-7f, -0x1.555548p-3f};
  float largest = 0x1p17f;

  HEEPSTOR_INLINE float size(float x) const { return __builtin_fabsf(x); }
  HEEPSTOR_INLINE bool are_regular(float a, float b, float c, float d) const {
    return larger(larger(size(a), size(b)), larger(size(c), size(d))) <= largest;
  }
  HEEPSTOR_INLINE bool is_regular(float x) const { return size(x) <= largest; }
  HEEPSTOR_INLINE float sine(float rest, std::uint32_t sign) const {
    const float signed_rest = to_float(to_bits(rest) ^ sign);
    const float square = signed_rest * signed_rest;
    return canonical_result(fma(horner(coefficients, square), square, one) * signed_rest);
  }
  HEEPSTOR_INLINE float operator()(float x) const {
    const float shifted = fma(x, inverse_pi, -offset) + rounder;
    const float multiple = (shifted - rounder) + offset;
    const float rest = fma(multiple, minus_pi_rest, fma(multiple, minus_pi, x));
    return sine(rest, to_bits(shifted) << 31);
  }
  /// The result of numbers of any size from 2^17 on, with h exact; NaN for infinity and NaN.
  float irregular(float x) const {
    if (x - x != 0.0f) return kNan;
    const std::uint32_t bits = to_bits(x);
    const std::uint32_t mantissa = (bits & 0x7FFFFF) | 0x800000;
    const std::uint32_t first = (bits >> 23 & 0xFF) - 119;
    const std::uint32_t* const words = kInversePi + first / 32;
    const auto word = [&](unsigned i) {
      const std::uint64_t pair = std::uint64_t{words[i]} << 32 | words[i + 1];
      return static_cast<std::uint32_t>(pair >> (32 - first % 32));
    };
    // Modulo 2, in fixed point with 63 bits after the binary point.
    constexpr std::uint64_t kHalf = std::uint64_t{1} << 62;
    std::uint64_t turned = (std::uint64_t{mantissa * word(0)} << 32) +
                           std::uint64_t{mantissa} * word(1) +
                           (std::uint64_t{mantissa} * word(2) >> 32);
    if (offset != 0.0f) turned += kHalf;
    const auto sign = static_cast<std::uint32_t>((turned + kHalf) >> 63);
    const std::uint64_t fraction = turned - (std::uint64_t{sign} << 63);
    const auto upper = static_cast<std::int32_t>(static_cast<std::uint32_t>(fraction >> 32));
    const float result = sine(static_cast<float>(upper) * 0x1.921fb6p-30f, sign << 31);
    return offset == 0.0f && x < 0.0f ? -result : result;
  }
};

inline constexpr Wave kSin = {0.0f, 12582912.0f};
inline constexpr Wave kCos = {0.5f, 12582913.0f};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = sin(values[i]) of n values: NaN (0x7fc00000) for infinity. `out` may be `values`. Error
/// 3e-7, for numbers of any size.
inline void sin(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kSin));
}

/// The same for cos(x).
inline void cos(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kCos));
}

}  // namespace heepstor
