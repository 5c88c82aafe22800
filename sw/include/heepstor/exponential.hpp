// The exponential function on the CPU, and what other functions need of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/elementwise.hpp"

namespace heepstor::detail {

/// x = k ln(2) + rest, and the number whose exponent field is k + a bias: 2^k for one of 127.
struct Reduced {
  float rest;
  float scale;
};

/// Constants of that reduction.
struct Reduction {
  float log2_e;
  float minus_ln2;
  /// 1.5 * 2^23 plus the bias: adding a number below 2^22 rounds it to an integer, which is then in
  /// the low bits.
  float rounder;

  HEEPSTOR_INLINE Reduced operator()(float x) const {
    const float shifted = fma(x, log2_e, rounder);
    const float rest = fma(shifted - rounder, minus_ln2, x);
    return {rest, to_float(to_bits(shifted) << 23)};
  }
  /// The integer k of x, up to one that is common to all x of a reduction.
  HEEPSTOR_INLINE float integer(float x) const { return fma(x, log2_e, rounder) - rounder; }
};

constexpr Reduction reduction(float bias) {
  return {0x1.715476p+0f, -0x1.62e430p-1f, 12582912.0f + bias};
}

/// The least argument of Power and Expm1, and the largest one of Power.
inline constexpr float kLowest = -88.0f;
inline constexpr float kHighest = 87.0f;

/// exp(x) for x in kLowest .. kHighest; relative error 4.3e-7, or 0 below -87.3.
struct Power {
  Reduction reduce = reduction(127.0f);
  // exp(r) for |r| <= ln(2) / 2, but its last coefficients, which are 1; with the smallest maximum
  // relative error (1.05e-7), found by iteratively reweighted least squares, as were all
  // polynomials of these headers.
  float coefficients[4] = {0x1.106252p-7f, 0x1.572a64p-5f, 0x1.5557b0p-3f, 0x1.fffdfcp-2f};
  float one = 1.0f;

  HEEPSTOR_INLINE float operator()(float x) const {
    const Reduced reduced = reduce(x);
    const float r = reduced.rest;
    return fma(fma(horner(coefficients, r), r, one), r, one) * reduced.scale;
  }
};

/// exp(x) - 1 for x in kLowest .. 0; relative error 7e-7.
struct Expm1 {
  Reduction reduce = reduction(127.0f);
  // (exp(r) - 1) / r, but its last coefficient, which is 1; relative error 4.5e-7.
  float coefficients[4] = {0x1.1138d2p-7f, 0x1.570524p-5f, 0x1.555632p-3f, 0x1.fffe70p-2f};
  float one = 1.0f;

  HEEPSTOR_INLINE float operator()(float x) const {
    const Reduced reduced = reduce(x);
    const float r = reduced.rest;
    return fma(fma(horner(coefficients, r), r, one) * r, reduced.scale, reduced.scale - one);
  }
};

struct Exp : OfFinite {
  /// Of half the result, which is finite even if 2^k is not.
  Power power = {reduction(126.0f)};
  float lowest = -87.5f;
  float highest = 89.0f;

  HEEPSTOR_INLINE float operator()(float x) const {
    const float half = power(smaller(larger(x, lowest), highest));
    return half + half;
  }
};

inline constexpr Exp kExp = {{0.0f, kInfinity}};

}  // namespace heepstor::detail

namespace heepstor {

/// out[i] = exp(values[i]) of n values. `out` may be `values`. Relative error 4.3e-7; 0 below
/// -86.99.
///
/// This and the other functions of one value do the same FP32 operations in the same order as
/// modelgen/arithmetic: equal bit for bit. Infinities give the limit, NaN gives NaN (0x7fc00000).
inline void exp(const float* values, float* out, std::size_t n) {
  detail::map(values, out, n, detail::from_memory(detail::kExp));
}

}  // namespace heepstor
