// Softmax of rows of 8-bit integers, by the rule of LiteRT's reference kernels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/inlining.hpp"
#include "heepstor/int8/requantize.hpp"

namespace heepstor::int8 {

namespace detail {

/// The product of two fractions of 31 bits, rounded to the nearest one.
HEEPSTOR_INLINE std::int32_t high_product(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>((std::int64_t{a} * b + (std::int64_t{1} << 30)) >> 31);
}

/// 1 / (1 + x) for 0 <= x < 1, by three steps of Newton's method; both are fractions of 31 bits.
/// Of the shifts to the left, which saturate by the rule, only the last one can: that of 1 / (1 +
/// 0).
HEEPSTOR_INLINE std::int32_t reciprocal(std::uint32_t x) {
  constexpr std::int32_t kFirst = 1515870810;   // 48 / 17, with two integer bits
  constexpr std::int32_t kSlope = -1010580540;  // -32 / 17
  const auto half = static_cast<std::int32_t>((x + (std::uint32_t{1} << 31)) >> 1);
  std::int32_t estimate = kFirst + high_product(half, kSlope);
  for (int step = 0; step < 3; ++step) {
    const std::int32_t error = (1 << 29) - high_product(half, estimate);
    estimate += 4 * high_product(estimate, error);
  }
  return estimate < 1 << 30 ? 2 * estimate : INT32_MAX;
}

/// The number of zeros before the first one.
HEEPSTOR_INLINE int leading_zeros(std::uint32_t value) {
  constexpr int kShortRows = 7;  // zeros that a sum of fewer than 32 powers has at least
  int zeros = value >> (32 - kShortRows) == 0 ? kShortRows : 0;
  for (value <<= zeros; value >> 31 == 0; value <<= 1) ++zeros;
  return zeros;
}

/// Softmax of a row.
HEEPSTOR_INLINE void softmax_row(const std::int8_t* values, const std::int32_t* exponentials,
                                 std::int8_t* out, std::size_t n) {
  constexpr int kSumBits = 12;
  std::int32_t largest = values[0];
  for (std::size_t i = 1; i < n; ++i) largest = values[i] > largest ? values[i] : largest;
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto power = static_cast<std::uint32_t>(exponentials[largest - values[i]]);
    total += (power + (1u << (kSumBits - 1))) >> kSumBits;
  }
  // The sum is a fraction from 1 to 2, and a power of two.
  const int zeros = leading_zeros(total);
  const int bits = kSumBits - zeros + 31 - 8;
  // Shares of so large a sum are all 0.
  const int places = bits < 32 ? bits : 31;
  const std::int32_t factor = bits < 32 ? reciprocal((total << zeros) - (1u << 31)) : 0;
  // A product with the factor is rounded to a fraction of 31 bits, and then to 8 bits: that is
  // rounding down once, after both halves are added. Shifts are of words: the compiler's of 64 bits
  // would choose between two cases.
  const std::uint64_t halves = (std::uint64_t{1} << 30) + (std::uint64_t{1} << (30 + places));
  // Shares of smaller powers are 0 with any factor, which is less than 2^31: most of a row's are.
  const std::int32_t least = 1 << (places - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t power = exponentials[largest - values[i]];
    if (power < least) {
      out[i] = -128;
      continue;
    }
    const std::uint64_t product = static_cast<std::uint64_t>(std::int64_t{factor} * power);
    const auto share = static_cast<std::int32_t>(
        static_cast<std::uint32_t>((product + halves) >> 32) >> (places - 1));
    out[i] = static_cast<std::int8_t>(share > 255 ? 127 : share - 128);
  }
}

}  // namespace detail

/// Softmax of rows of n values, with scale 1/256 and zero point -128: the bits of the record
/// `IntegerSoftmax`. exponentials[d] is the power of a value d below the row's largest, as a
/// fraction of 31 bits, for d from 0 to 255.
inline void softmax(const std::int8_t* values, const std::int32_t* exponentials, std::int8_t* out,
                    std::size_t rows, std::size_t n) {
  for (; rows != 0; --rows, values += n, out += n) {
    detail::softmax_row(values, exponentials, out, n);
  }
}

/// The same where the length is a constant: faster for short rows, at the cost of more code.
template <std::size_t n>
void softmax(const std::int8_t* values, const std::int32_t* exponentials, std::int8_t* out,
             std::size_t rows) {
  for (; rows != 0; --rows, values += n, out += n) {
    std::int8_t row[n];
    for (std::size_t i = 0; i < n; ++i) row[i] = values[i];
    detail::softmax_row(row, exponentials, out, n);
  }
}

/// Softmax of rows of n values: the bits of the record `Fp32Softmax`. powers[255 - d] is the power
/// of a value d below the row's largest; `units` are steps of the result in 1.
inline void fp32_softmax(const std::int8_t* values, const float* powers, std::int8_t* out,
                         std::size_t rows, std::size_t n, float units, const Output& output) {
  for (; rows != 0; --rows, values += n, out += n) {
    std::int32_t largest = values[0];
    for (std::size_t i = 1; i < n; ++i) largest = values[i] > largest ? values[i] : largest;
    const auto power = [&](std::size_t i) { return powers[255 + values[i] - largest]; };
    float total = 0.0f;
    for (std::size_t i = 0; i < n; ++i) total += power(i);
    for (std::size_t i = 0; i < n; ++i) {
      out[i] = nearest(power(i) * units / total, output);
    }
  }
}

}  // namespace heepstor::int8
