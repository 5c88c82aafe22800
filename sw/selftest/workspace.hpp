// Memory for the engine's tests, and building descriptors in it.
#pragma once

#include <cstdint>

#include "heepstor/engine.hpp"
#include "vectors.hpp"

namespace selftest {

inline constexpr std::uint32_t kSize = heepstor::config::kArraySize;

/// A job and all its data. The largest weights are 64 x 32, padded to tiles.
struct Workspace {
  static constexpr std::uint32_t kMaxRows = 8;
  static constexpr std::uint32_t kMaxWords = 64;
  static constexpr std::uint32_t kMaxColumns = 32;

  alignas(16) std::uint32_t activations[kMaxRows * kMaxWords];
  alignas(16) std::int8_t weights[(kMaxWords + kSize) * (kMaxColumns + kSize)];
  alignas(16) std::uint32_t parameters[2 * (kMaxColumns + kSize)];
  alignas(16) std::uint32_t outputs[kMaxRows * kMaxColumns];
};

/// Copies a product's data to a workspace in the engine's order, and returns its descriptor.
heepstor::engine::Descriptor prepare(const Product& product, Workspace& workspace);

/// Compares a workspace's outputs; prints the first difference.
bool outputs_equal(const Product& product, const Workspace& workspace);

}  // namespace selftest
