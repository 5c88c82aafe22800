// The engine's arithmetic on the CPU: runs the same descriptors, with the same results bit for bit.
//
// Used by firmware built with HEEPSTOR_OPERATORS_SOFTWARE, the self-test, and tests on the host.
#pragma once

#include <cstdint>

#include "heepstor/chain.hpp"

namespace heepstor::software {

inline constexpr std::uint32_t kMaxArraySize = 32;

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
};

/// An engine: the memory it can access, and its state from job to job.
struct Engine {
  Memory memory;
  Geometry geometry;
  float* buffer;         // buffer_words numbers
  float* accumulators;   // accumulator_depth * array_size numbers
  std::uint64_t* table;  // engine::kSegments entries
};

/// Runs the chain of descriptors that begins at address `first`, one after another. A descriptor
/// with an error has no effect.
engine::Result run(const Engine& engine, std::uint32_t first);

}  // namespace heepstor::software
