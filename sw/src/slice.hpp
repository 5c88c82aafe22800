// One slice of a dot product: up to S FP32 activations times INT8 weights.
//
// The activations become integers that share the largest exponent E of the slice: 27 bits with two
// guard bits, rounded half to even. Their dot products with the weights are exact, and are rounded
// to FP32 once. Integers are kept as two halves, so that 32-bit sums hold them.
#pragma once

#include <cstdint>

#include "heepstor/software_engine.hpp"

namespace heepstor::software {

/// Aligned activations: activation i is (high[i] * 2^16 + low[i]) * 2^(exponent - 152).
struct AlignedSlice {
  std::int32_t high[kMaxArraySize];
  std::int32_t low[kMaxArraySize];
  std::uint32_t exponent;  // biased exponent E, 1 to 254
  bool invalid;            // an activation is infinite or NaN: every result is NaN
};

/// Aligns `lanes` (1 to kMaxArraySize) activations.
void align(const float* activations, std::uint32_t lanes, AlignedSlice& slice);

/// (high * 2^16 + low) * 2^(exponent - 152), rounded to nearest even; |high| < 2^23, |low| < 2^30.
float normalize(std::int32_t high, std::int32_t low, std::uint32_t exponent);

}  // namespace heepstor::software
