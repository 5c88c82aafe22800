// Results of a chain of descriptors: profiles, and how it ended.
#pragma once

#include <cstdint>

#include "heepstor_descriptor.hpp"

namespace heepstor::engine {

/// The engine's counters since the doorbell, as they were when a descriptor completed.
/// busy and all wait_* add up to cycles; bus_stalls overlaps them.
struct alignas(kDescriptorAlignment) Profile {
  std::uint32_t cycles = 0;
  std::uint32_t busy = 0;
  std::uint32_t wait_descriptor = 0;
  std::uint32_t wait_activations = 0;
  std::uint32_t wait_weights = 0;
  std::uint32_t wait_accumulator = 0;
  std::uint32_t wait_store = 0;
  std::uint32_t bus_stalls = 0;
};
static_assert(sizeof(Profile) == 32);

/// How a chain ended.
struct Result {
  Error error = Error::kNone;
  std::uint32_t index = 0;    // position in the chain of the descriptor in error, from 0
  std::uint32_t address = 0;  // its address

  constexpr bool ok() const { return error == Error::kNone; }
};

}  // namespace heepstor::engine
