// The engine's descriptor: sixteen 32-bit words in main memory that name one job.
//
// Source of the layout: cores/engine/descriptor.rdl; a unit test holds this file to it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heepstor::engine {

inline constexpr std::uint32_t kOperationMatmul = 1;

// Bits of Descriptor::control above the operation (bits 7:0).
inline constexpr std::uint32_t kControlLoad = 1u << 8;    // fetch activations into the buffer
inline constexpr std::uint32_t kControlFirst = 1u << 9;   // first slice overwrites accumulators
inline constexpr std::uint32_t kControlStore = 1u << 10;  // scale, add the bias, clamp, write out
inline constexpr std::uint32_t kControlFence = 1u << 11;  // wait until earlier ones have stored
inline constexpr std::uint32_t kControlReserved = ~0xFFFu;

inline constexpr std::uint32_t kDescriptorAlignment = 16;

/// One job, as it stands in memory. Addresses and pitches are in bytes.
struct alignas(kDescriptorAlignment) Descriptor {
  std::uint32_t next = 0;     // address of the next descriptor; 0: the last
  std::uint32_t control = 0;  // operation and the bits above
  std::uint32_t source = 0;   // activations, FP32, row-major
  std::uint32_t source_pitch = 0;
  std::uint32_t shape = 0;       // [15:0] rows M, [31:16] words K of each row
  std::uint32_t buffer = 0;      // [15:0] base word, [31:16] words between rows
  std::uint32_t weights = 0;     // weight stream, 16-byte aligned
  std::uint32_t tiles = 0;       // [15:0] tiles of array_size columns, [31:16] first accumulator
  std::uint32_t parameters = 0;  // for each tile: array_size scales, array_size biases, FP32
  std::uint32_t destination = 0;
  std::uint32_t destination_pitch = 0;
  std::uint32_t columns = 0;     // [15:0] columns N to store
  std::uint32_t clamp_low = 0;   // bits of an FP32 number
  std::uint32_t clamp_high = 0;  // bits of an FP32 number
  std::uint32_t profile = 0;     // eight words for the counters, 16-byte aligned; 0: none
  std::uint32_t reserved = 0;
};
static_assert(sizeof(Descriptor) == 64);

/// The engine's counters since the doorbell, as they stood when a descriptor completed.
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

/// Why a chain was stopped: the codes of the engine's ERROR register.
enum class Error : std::uint8_t {
  kNone = 0,
  kUnknownOperation = 1,
  kBadAddress = 2,
  kZeroDimension = 3,
  kBufferOverflow = 4,
  kAccumulatorOverflow = 5,
  kBadDescriptor = 6,
  kBusy = 7,
  kChainTooLong = 8,
};

/// How a chain ended.
struct Result {
  Error error = Error::kNone;
  std::uint32_t index = 0;    // place in the chain of the descriptor in error, from 0
  std::uint32_t address = 0;  // its address

  constexpr bool ok() const { return error == Error::kNone; }
};

}  // namespace heepstor::engine
