// The class that a network predicts.
#pragma once

#include <cstddef>

#include "heepstor/bits.hpp"

namespace heepstor {

/// Position of the largest of n values, or of the first one if several are equal. A NaN counts as
/// the largest, as in PyTorch.
inline std::size_t argmax(const float* values, std::size_t n) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < n && !is_nan(values[best]); ++i) {
    if (values[i] > values[best] || is_nan(values[i])) best = i;
  }
  return best;
}

/// The same for each row of n values, as FP32 numbers.
inline void argmax(const float* values, float* out, std::size_t rows, std::size_t n) {
  for (std::size_t row = 0; row < rows; ++row) {
    out[row] = static_cast<float>(argmax(values + row * n, n));
  }
}

}  // namespace heepstor
