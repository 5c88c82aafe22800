// Sums of products of 8-bit integers, of four output channels at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor/inlining.hpp"

namespace heepstor::int8 {

/// Output channels that are computed at once, so that each value is loaded once for all of them.
inline constexpr std::size_t kLanes = 4;

/// Adds products of n values without their zero point with the weights of the lanes. The compiler
/// lays weights out as the loop reads them: those of all lanes for a value, then the next value's.
HEEPSTOR_INLINE void add_products(const std::int8_t* values, const std::int8_t* weights,
                                  std::size_t n, std::int32_t zero_point,
                                  std::int32_t (&sums)[kLanes]) {
  constexpr std::size_t kTogether = 4;
  // Copies, which no pointer to bytes can alias, so that they stay in registers.
  std::int32_t totals[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) totals[lane] = sums[lane];
  const auto step = [&](std::size_t i) {
    const std::int32_t value = values[i] - zero_point;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      totals[lane] += value * weights[i * kLanes + lane];
    }
  };
  for (; n >= kTogether; n -= kTogether, values += kTogether, weights += kTogether * kLanes) {
    for (std::size_t i = 0; i < kTogether; ++i) step(i);
  }
  for (; n != 0; --n, ++values, weights += kLanes) step(0);
  for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] = totals[lane];
}

}  // namespace heepstor::int8
