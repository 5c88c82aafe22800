// The engine's arithmetic on the CPU: runs the same descriptors, with the same results bit for bit.
//
// Used by firmware built with HEEPSTOR_OPERATORS_SOFTWARE, the self-test, and tests on the host.
#pragma once

#include <cstdint>

#include "heepstor/chain.hpp"

namespace heepstor::software {

inline constexpr std::uint32_t kMaxArraySize = 32;

/// Results of a table for INT8: one for each value.
inline constexpr std::uint32_t kByteTableBytes = 256;

/// Sums of an accumulator: with INT8 those of both positions of a pair.
constexpr std::uint32_t sums_per_accumulator(bool int8) { return int8 ? 2 : 1; }

/// Main memory: address `base` of descriptors is at `data`.
struct Memory {
  unsigned char* data;
  std::uint32_t base;
  std::uint32_t bytes;
};

/// Sizes of the engine being emulated.
struct Geometry {
  std::uint32_t array_size;  // a multiple of 4, at most kMaxArraySize
  std::uint32_t buffer_words;
  std::uint32_t accumulator_depth;
  bool int8;  // whether it has INT8 activations and INT4 weights
};

/// An engine: the memory it can access, and its state from job to job.
struct Engine {
  Memory memory;
  Geometry geometry;
  float* buffer;            // buffer_words numbers
  float* accumulators;      // accumulator_depth * array_size * sums_per_accumulator() numbers
  std::uint64_t* table;     // engine::kSegments entries
  std::int8_t* byte_table;  // kByteTableBytes results; unused without INT8
};

/// Runs the chain of descriptors that begins at address `first`, one after another. A descriptor
/// with an error has no effect.
engine::Result run(const Engine& engine, std::uint32_t first);

}  // namespace heepstor::software
