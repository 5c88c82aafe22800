// Permutes the dimensions of a tensor.
#pragma once

#include <cstddef>

namespace heepstor {

/// Sizes of the result's dimensions, the outermost first, and the stride of each in the source, in
/// values.
struct Permutation {
  std::size_t sizes[4];
  std::size_t strides[4];
};

/// Copies a four-dimensional tensor, bit for bit, with permuted dimensions. `out` is contiguous and
/// must not overlap `values`.
inline void permute(const float* values, float* out, const Permutation& order) {
  const auto [size0, size1, size2, size3] = order.sizes;
  const auto [stride0, stride1, stride2, stride3] = order.strides;
  for (std::size_t i = 0; i < size0; ++i) {
    for (std::size_t j = 0; j < size1; ++j) {
      for (std::size_t k = 0; k < size2; ++k) {
        const float* source = values + i * stride0 + j * stride1 + k * stride2;
        for (std::size_t l = 0; l < size3; ++l, source += stride3) *out++ = *source;
      }
    }
  }
}

}  // namespace heepstor
