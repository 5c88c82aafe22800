// Functions of one number by the engine's table of quadratic polynomials.
#pragma once

#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/chain.hpp"

namespace heepstor::software {

/// `value` >> `count` rounded down, also of negative numbers.
constexpr std::int64_t shifted(std::int64_t value, unsigned count) { return value >> count; }

/// A signed field of `width` bits that ends below bit `end`.
constexpr std::int64_t coefficient(std::uint64_t entry, unsigned end, unsigned width) {
  return shifted(static_cast<std::int64_t>(entry << (64 - end)), 64 - width);
}

/// Bits of a number's distance from the middle of its segment.
inline constexpr unsigned kTBits = 18;
inline constexpr std::int32_t kHalf = 1 << (kTBits - 1);

/// A number's bits as a signed fixed-point number of 27 bits: cut off, and limited if the number is
/// 2^reach or more in magnitude.
constexpr std::int32_t fixed_point(std::uint32_t bits, std::uint32_t reach) {
  const std::uint32_t exponent = bits >> 23 & 0xFF;
  const std::uint32_t significand = (bits & 0x7FFFFF) | (exponent == 0 ? 0 : 1u << 23);
  const auto distance =
      static_cast<std::int32_t>(126 + reach) - static_cast<std::int32_t>(exponent);
  auto fixed = static_cast<std::int32_t>(significand << 2 >> (distance > 31 ? 31 : distance & 31));
  if (distance < 0) fixed = (1 << 26) - 1;
  // The sign inverts all bits.
  if (bits >> 31 != 0) fixed = ~fixed;
  return fixed;
}

/// A product with a distance without its fraction bits, rounded; halves up.
constexpr std::int64_t scaled(std::int64_t product) {
  return shifted(product + kHalf / 2, kTBits - 1);
}

/// The function of `value` by a table of engine::kSegments entries; `format` is the descriptor's
/// table_format.
inline float apply(const std::uint64_t* table, std::uint32_t format, float value) {
  if (is_nan(value)) return to_float(kCanonicalNanBits);
  const std::int32_t fixed = fixed_point(to_bits(value), format & engine::kTableFormatTableReach);
  const std::int32_t segment = (fixed >> kTBits) + static_cast<std::int32_t>(engine::kSegments / 2);
  const std::int64_t t = (fixed & (2 * kHalf - 1)) - kHalf;
  const std::uint64_t entry = table[segment];
  const std::int64_t slope = coefficient(entry, 49, 22) + scaled(t * coefficient(entry, 64, 15));
  const std::int64_t y = coefficient(entry, 27, 27) + scaled(t * slope);
  // y is rounded once; the product with a power of two is exact.
  const std::uint32_t fraction =
      (format & engine::kTableFormatTableFraction) >> engine::kTableFormatTableFractionShift;
  return static_cast<float>(static_cast<std::int32_t>(y)) * to_float((127 - fraction) << 23);
}

}  // namespace heepstor::software
