// Products of rows of 8-bit integers with a matrix of weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/int8/dot.hpp"
#include "heepstor/int8/requantize.hpp"

namespace heepstor::int8 {

/// Sizes of a matrix product, and the zero points of both factors.
struct Product {
  std::uint32_t rows;
  std::uint32_t depth;
  std::uint32_t columns;
  std::int32_t zero_point;
  std::int32_t weight_zero_point;
};

namespace detail {

/// What the zero point of the weights adds to each sum of a row.
inline std::int32_t excess(const std::int8_t* values, const Product& product) {
  if (product.weight_zero_point == 0) return 0;
  std::int32_t sum = 0;
  for (std::uint32_t k = 0; k < product.depth; ++k) sum += values[k] - product.zero_point;
  return product.weight_zero_point * sum;
}

}  // namespace detail

/// Sums of products of weights with values, both without their zero points: the bits of the record
/// `IntegerLinear`.
///
/// Weights: for each block of four columns (depth, 4). About 4 cycles a product on the cv32e40p.
template <class Form>
void linear(const std::int8_t* values, const std::int8_t* weights, const std::int32_t* bias,
            const Form* forms, std::int8_t* out, const Product& product, const Output& output) {
  for (std::uint32_t row = 0; row < product.rows; ++row, values += product.depth) {
    const std::int32_t excess = detail::excess(values, product);
    const std::int8_t* block = weights;
    for (std::uint32_t first = 0; first < product.columns; first += kLanes) {
      std::int32_t sums[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] = bias[first + lane] - excess;
      add_products(values, block, product.depth, product.zero_point, sums);
      block += product.depth * kLanes;
      const std::uint32_t left = product.columns - first;
      const std::size_t lanes = left < kLanes ? left : kLanes;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        *out++ = requantized(sums[lane], forms[first + lane], output);
      }
    }
  }
}

}  // namespace heepstor::int8
