// The engine's arithmetic on the CPU: runs the same descriptors, with the same results bit for bit.
//
// It serves firmware built with HEEPSTOR_OPERATORS_SOFTWARE, the self-test, and tests on the host.
#pragma once

#include <cstdint>

#include "heepstor/descriptor.hpp"

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

/// Executes descriptors one after another.
class Engine {
 public:
  /// buffer: geometry.buffer_words numbers; accumulators: accumulator_depth * array_size numbers.
  Engine(const Memory& memory, const Geometry& geometry, float* buffer, float* accumulators);

  /// Runs the chain that begins at address `first`. After an error, nothing of the descriptor in
  /// error has been written to memory.
  engine::Result run(std::uint32_t first);

 private:
  struct Job;

  template <class T>
  T* pointer(std::uint32_t address) const;
  bool contains(std::uint32_t address, std::uint64_t bytes, std::uint32_t alignment) const;
  bool contains_rows(std::uint32_t address, std::uint32_t pitch, std::uint32_t rows,
                     std::uint32_t words) const;
  engine::Error check(const Job& job) const;
  engine::Error check_addresses(const Job& job) const;
  void load(const Job& job);
  void compute(const Job& job);
  void compute_row(const Job& job, std::uint32_t slice, std::uint32_t row);
  void store(const Job& job) const;
  void write_profile(const Job& job, std::uint32_t start) const;

  Memory memory_;
  Geometry geometry_;
  float* buffer_;
  float* accumulators_;
};

}  // namespace heepstor::software
