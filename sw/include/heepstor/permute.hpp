// Tensors whose dimensions change their order.
#pragma once

#include <cstddef>

namespace heepstor {

/// Dimensions of the result, the outermost first, and how far apart its neighbours are in the
/// source, in values.
struct Permutation {
  std::size_t sizes[4];
  std::size_t strides[4];
};

/// Copies a tensor of four dimensions with them in another order, bit for bit. `out` is contiguous
/// and must not overlap `values`.
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
