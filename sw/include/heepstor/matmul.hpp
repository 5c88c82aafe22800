// Products of matrices, both of which are activations.
#pragma once

#include <cstddef>

#include "heepstor/bits.hpp"
#include "heepstor/loops.hpp"

namespace heepstor {

/// Sizes of a product of matrices: (rows x depth) times (depth x columns).
struct MatMulShape {
  std::size_t rows;
  std::size_t depth;
  std::size_t columns;
};

namespace detail {

/// Computes `height` x `width` results at once, so that each value is loaded once for several.
template <bool transposed, std::size_t height, std::size_t width>
void matmul_block(const float* left, const float* right, float* out, const MatMulShape& shape) {
  const std::size_t depth = shape.depth, columns = shape.columns;
  float sums[height][width] = {};
  for (std::size_t k = 0; k < depth; ++k) {
    float factors[width];
    for (std::size_t j = 0; j < width; ++j) {
      factors[j] = transposed ? right[j * depth + k] : right[k * columns + j];
    }
    for (std::size_t i = 0; i < height; ++i) {
      const float value = left[i * depth + k];
      for (std::size_t j = 0; j < width; ++j) {
        sums[i][j] = __builtin_fmaf(value, factors[j], sums[i][j]);
      }
    }
  }
  for (std::size_t i = 0; i < height; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      out[i * columns + j] = canonical_result(sums[i][j]);
    }
  }
}

template <bool transposed, std::size_t height>
void matmul_rows(const float* left, const float* right, float* out, const MatMulShape& shape) {
  constexpr std::size_t kWidth = 4;
  const std::size_t step = transposed ? shape.depth : 1;
  std::size_t column = 0;
  for (; column + kWidth <= shape.columns; column += kWidth) {
    matmul_block<transposed, height, kWidth>(left, right + column * step, out + column, shape);
  }
  for (; column < shape.columns; ++column) {
    matmul_block<transposed, height, 1>(left, right + column * step, out + column, shape);
  }
}

}  // namespace detail

/// out = left * right, or left * right^T if `transposed`: then right is (columns x depth).
///
/// Each result is a chain of fused multiply-additions with ascending k, beginning with 0. On the
/// cv32e40p, blocks of 4 x 4 results take 2.5 cycles a product, of one row 3.7, of one column 5.2.
template <bool transposed>
void matmul(const float* left, const float* right, float* out, const MatMulShape& shape) {
  constexpr std::size_t kHeight = 4;
  std::size_t row = 0;
  for (; row + kHeight <= shape.rows; row += kHeight) {
    detail::matmul_rows<transposed, kHeight>(left + row * shape.depth, right,
                                             out + row * shape.columns, shape);
  }
  for (; row < shape.rows; ++row) {
    detail::matmul_rows<transposed, 1>(left + row * shape.depth, right, out + row * shape.columns,
                                       shape);
  }
}

/// The same for each matrix of a batch.
template <bool transposed, std::size_t depth>
void matmul(const float* left, const float* right, float* out, const MatMulShape& shape,
            const Loop (&loops)[depth]) {
  nested(left, right, out, loops, [&shape](const float* first, const float* second, float* to) {
    matmul<transposed>(first, second, to, shape);
  });
}

}  // namespace heepstor
