// One slice of a dot product: up to S FP32 activations times INT8 weights.
//
// The activations become integers that share the largest exponent E of the slice: 27 bits with two
// guard bits, rounded half to even. Their dot products with the weights are exact, and are rounded
// to FP32 once. Integers are split into halves, so that 32-bit sums suffice.
#pragma once

#include <cstdint>

#include "heepstor/bits.hpp"

namespace heepstor::software {

inline constexpr std::uint32_t kMantissaBits = 23;
inline constexpr std::uint32_t kHalfBits = 16;

// An aligned integer A represents A * 2^(E - kIntegerWeight): two guard bits below the mantissa.
inline constexpr std::uint32_t kIntegerWeight = 152;

// The exponent of a slice that contains an infinity or a NaN: every result is NaN.
inline constexpr std::uint32_t kInvalidExponent = 255;

// From this exponent on, scale factors are normal numbers and results never subnormal, so the FPU
// rounds correctly. Only slices whose largest activation is below 2^-101 are handled bit by bit.
inline constexpr std::uint32_t kSmallestFpuExponent = kIntegerWeight - 126;

/// Largest biased exponent E of a slice, at least 1.
inline std::uint32_t largest_exponent(const float* activations, std::uint32_t lanes) {
  std::uint32_t largest = 0;
  for (std::uint32_t i = 0; i < lanes; ++i) {
    const std::uint32_t shifted = to_bits(activations[i]) << 1;
    if (shifted > largest) largest = shifted;
  }
  const std::uint32_t exponent = largest >> (kMantissaBits + 1);
  return exponent == 0 ? 1 : exponent;
}

constexpr std::int32_t upper_half(std::int32_t integer) { return integer >> kHalfBits; }
constexpr std::int32_t lower_half(std::int32_t integer) { return integer & ((1 << kHalfBits) - 1); }

/// Alignment and rounding by the FPU, for exponents of at least kSmallestFpuExponent.
class FpuArithmetic {
 public:
  explicit FpuArithmetic(std::uint32_t exponent)
      : scale_(to_float((127 + kIntegerWeight - exponent) << kMantissaBits)),
        unit_(to_float((exponent - kSmallestFpuExponent + 1) << kMantissaBits)),
        upper_unit_(unit_ * (1 << kHalfBits)) {}

  /// The integer A for an activation.
  std::int32_t align(float activation) const {
    return static_cast<std::int32_t>(__builtin_lrintf(activation * scale_));
  }

  /// (high * 2^16 + low) * 2^(exponent - 152), rounded to nearest even; |high| < 2^23,
  /// |low| < 2^30.
  ///
  /// Both halves are exact in FP32 once the lower half's overflow has moved to the upper; the fused
  /// multiply-add then rounds their sum once.
  float normalize(std::int32_t high, std::int32_t low) const {
    const auto upper = static_cast<float>(high + upper_half(low));
    const auto lower = static_cast<float>(lower_half(low));
    return __builtin_fmaf(upper, upper_unit_, lower * unit_);
  }

 private:
  float scale_;
  float unit_;
  float upper_unit_;
};

/// The same bit by bit, for any exponent below kInvalidExponent.
class BitArithmetic {
 public:
  explicit BitArithmetic(std::uint32_t exponent) : exponent_(exponent) {}

  std::int32_t align(float activation) const;
  float normalize(std::int32_t high, std::int32_t low) const;

 private:
  std::uint32_t exponent_;
};

/// Calls function(arithmetic) with the implementation for the exponent.
template <class Function>
void with_arithmetic(std::uint32_t exponent, Function function) {
  if (exponent >= kSmallestFpuExponent) {
    function(FpuArithmetic(exponent));
  } else {
    function(BitArithmetic(exponent));
  }
}

}  // namespace heepstor::software
