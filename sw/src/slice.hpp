// One slice of a dot product: up to S FP32 activations times INT8 weights.
//
// The activations become integers that share the largest exponent E of the slice: 27 bits with two
// guard bits, rounded half to even. Their dot products with the weights are exact, and are rounded
// to FP32 once. Integers are kept as two halves, so that 32-bit sums hold them.
#pragma once

#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/software_engine.hpp"

namespace heepstor::software {

// From this exponent on, scale factors are normal numbers and results never subnormal, so that the
// FPU rounds as wanted. Only slices whose largest activation is below 2^-101 are handled bit by
// bit.
inline constexpr std::uint32_t kSmallestFpuExponent = 26;

/// Aligned activations: activation i is (high[i] * 2^16 + low[i]) * 2^(exponent - 152).
struct AlignedSlice {
  std::int32_t high[kMaxArraySize];
  std::int32_t low[kMaxArraySize];
  std::uint32_t exponent;  // biased exponent E, 1 to 254
  bool invalid;            // an activation is infinite or NaN: every result is NaN
};

/// Aligns up to kMaxArraySize activations; none give exponent 1.
void align(const float* activations, std::uint32_t lanes, AlignedSlice& slice);

/// (high * 2^16 + low) * 2^(exponent - 152), rounded to nearest even; |high| < 2^23, |low| < 2^30.
/// For any exponent, bit by bit.
float normalize(std::int32_t high, std::int32_t low, std::uint32_t exponent);

/// The same by the FPU, for exponents from kSmallestFpuExponent on.
class FpuNormalizer {
 public:
  explicit FpuNormalizer(std::uint32_t exponent)
      : unit_(to_float((exponent - kSmallestFpuExponent + 1) << kMantissaBits)),
        upper_unit_(unit_ * (1 << kHalfBits)) {}

  // Both halves are exact in FP32 once the upper has taken what overflows of the lower; the fused
  // multiply-add then rounds their sum once.
  float operator()(std::int32_t high, std::int32_t low) const {
    const auto upper = static_cast<float>(high + (low >> kHalfBits));
    const auto lower = static_cast<float>(low & ((1 << kHalfBits) - 1));
    return __builtin_fmaf(upper, upper_unit_, lower * unit_);
  }

 private:
  static constexpr int kHalfBits = 16;
  static constexpr std::uint32_t kMantissaBits = 23;

  float unit_;
  float upper_unit_;
};

/// Calls function(normalize) with a function of high and low that suits the exponent.
template <class Function>
void with_normalizer(std::uint32_t exponent, Function function) {
  if (exponent >= kSmallestFpuExponent) {
    function(FpuNormalizer(exponent));
  } else {
    function([=](std::int32_t high, std::int32_t low) { return normalize(high, low, exponent); });
  }
}

}  // namespace heepstor::software
