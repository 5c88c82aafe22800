// Sums, products and extrema over a dimension of a tensor.
#pragma once

#include <cstddef>

#include "heepstor/binary.hpp"
#include "heepstor/bits.hpp"
#include "heepstor/fold.hpp"

namespace heepstor {

/// What changes nothing as an operand of a function of binary.hpp.
template <class Function>
inline constexpr float kIdentity = 0.0f;
template <>
inline constexpr float kIdentity<Multiply> = 1.0f;
template <>
inline constexpr float kIdentity<Maximum> = -__builtin_inff();
template <>
inline constexpr float kIdentity<Minimum> = __builtin_inff();

/// Sizes of a tensor whose second dimension is reduced.
struct ReduceShape {
  std::size_t outer;
  std::size_t middle;
  std::size_t inner;
};

/// out[o][i] = factor * the values[o][m][i] of all m, folded by a function of binary.hpp.
template <class Function>
void reduce(const float* values, float* out, const ReduceShape& shape, float factor) {
  for (std::size_t o = 0; o < shape.outer; ++o, values += shape.middle * shape.inner) {
    for (std::size_t i = 0; i < shape.inner; ++i) {
      const float result = fold(values + i, shape.middle, shape.inner, kIdentity<Function>,
                                Function::apply, Function::apply);
      *out++ = canonical_result(result * factor);
    }
  }
}

}  // namespace heepstor
