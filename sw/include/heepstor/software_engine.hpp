// The engine's arithmetic on the CPU: runs the same descriptors, with the same results bit for bit.
//
// It serves firmware built with HEEPSTOR_OPERATORS_SOFTWARE, the self-test, and tests on the host.
#pragma once

#include <cstdint>

#include "heepstor/chain.hpp"

namespace heepstor::software {

inline constexpr std::uint32_t kMaxArraySize = 32;

/// Main memory: what descriptors call `base` is at `data`.
struct Memory {
  unsigned char* data;
  std::uint32_t base;
  std::uint32_t bytes;
};

/// Sizes of the engine that is stood in for.
struct Geometry {
  std::uint32_t array_size;  // a multiple of 4, at most kMaxArraySize
  std::uint32_t buffer_words;
  std::uint32_t accumulator_depth;
};

/// An engine: what it reaches, and what lives on from job to job.
struct Engine {
  Memory memory;
  Geometry geometry;
  float* buffer;        // buffer_words numbers
  float* accumulators;  // accumulator_depth * array_size numbers
};

/// Runs the chain of descriptors that begins at address `first`, one after another. After an error,
/// nothing of the descriptor in error has been done.
engine::Result run(const Engine& engine, std::uint32_t first);

}  // namespace heepstor::software
