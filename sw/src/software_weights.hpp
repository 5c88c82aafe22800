// Weights as they are in memory: bytes, or two in each byte.
#pragma once

#include "software_job.hpp"

namespace heepstor::software {

/// Reads weights of 8 bits.
struct Int8Weights {
  /// Bytes of so many weights.
  static constexpr std::uint32_t bytes(std::uint32_t count) { return count; }
  static std::int32_t at(const std::int8_t* weights, std::uint32_t index) { return weights[index]; }
};

/// Reads weights of 4 bits; the first one of a byte is in its lower half.
struct Int4Weights {
  static constexpr std::uint32_t bytes(std::uint32_t count) { return count / 2; }
  static std::int32_t at(const std::int8_t* weights, std::uint32_t index) {
    const std::uint32_t shift = index % 2 == 0 ? 28 : 24;
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(weights[index / 2]) << shift) >> 28;
  }
};

/// Calls function(weights) with what reads the job's.
template <class Function>
void with_weights(const Job& job, Function function) {
  if (job.has(engine::kControlInt4Weights)) {
    function(Int4Weights{});
  } else {
    function(Int8Weights{});
  }
}

}  // namespace heepstor::software
