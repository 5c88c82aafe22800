// The engine's descriptor: 32 words in main memory that name one job.
//
// Its layout is that of cores/engine/descriptor.rdl; a unit test compares them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heepstor_descriptor.hpp"

namespace heepstor::engine {

// Bits of Descriptor::control above the operation.
inline constexpr std::uint32_t kControlLoad = 1u << 8;    // fetch activations into the buffer
inline constexpr std::uint32_t kControlFill = 1u << 9;    // write fill_value round the rows
inline constexpr std::uint32_t kControlFirst = 1u << 10;  // first slice overwrites accumulators
inline constexpr std::uint32_t kControlStoreMemory = 1u << 11;  // results go to memory
inline constexpr std::uint32_t kControlStoreBuffer = 1u << 12;  // results go to the buffer
inline constexpr std::uint32_t kControlResidual = 1u << 13;     // add the operand at `residual`
inline constexpr std::uint32_t kControlSpan = 1u << 14;         // slices go on from run to run
inline constexpr std::uint32_t kControlFenceShift = 16;
inline constexpr std::uint32_t kControlReserved = ~0x37FFFu;

inline constexpr std::uint32_t kDescriptorAlignment = 16;

/// One job, as it stands in memory. Addresses and pitches in memory are bytes, all else is words of
/// FP32. Two values of a word: bits 15:0, then 31:16.
struct alignas(kDescriptorAlignment) Descriptor {
  std::uint32_t next = 0;     // address of the next descriptor; 0: the last
  std::uint32_t control = 0;  // operation and the bits above

  std::uint32_t source = 0;  // activations to load
  std::uint32_t source_row_pitch = 0;
  std::uint32_t source_column_pitch = 0;
  std::uint32_t load_shape = 0;   // rows, columns
  std::uint32_t load_row = 0;     // words of a column, words between rows in the buffer
  std::uint32_t load_buffer = 0;  // base word, words before the first row
  std::uint32_t load_tail = 0;    // words to fill after the last row
  std::uint32_t fill_value = 0;   // bits of an FP32 number

  std::uint32_t input = 0;       // base word in the buffer, first accumulator entry
  std::uint32_t step = 0;        // words between output positions: in a row, between rows
  std::uint32_t positions = 0;   // columns, rows
  std::uint32_t run = 0;         // words of a run, runs in y
  std::uint32_t run_pitch = 0;   // words between runs: x, y
  std::uint32_t tiles = 0;       // tiles of array_size output channels, runs in x
  std::uint32_t columns = 0;     // output channels to store
  std::uint32_t weights = 0;     // weight stream, 16-byte aligned
  std::uint32_t parameters = 0;  // for each tile: array_size scales, array_size biases

  std::uint32_t destination = 0;
  std::uint32_t pitch_x = 0;       // bytes between stored positions, of destination and residual
  std::uint32_t pitch_y = 0;       // bytes between stored rows, of both
  std::uint32_t residual = 0;      // operand that is added
  std::uint32_t store_shape = 0;   // columns, rows: after pooling
  std::uint32_t store_base = 0;    // base word in the buffer, words between stored positions
  std::uint32_t store_window = 0;  // words between stored rows; bits 23:16, 31:24: window
  std::uint32_t clamp_low = 0;     // bits of an FP32 number
  std::uint32_t clamp_high = 0;    // bits of an FP32 number
  std::uint32_t slope = 0;         // bits of the factor of negative values
  std::uint32_t profile = 0;       // eight words for the counters, 16-byte aligned; 0: none
  std::uint32_t reserved_30 = 0;
  std::uint32_t reserved_31 = 0;
};
static_assert(sizeof(Descriptor) == 128);

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

/// How a chain ended.
struct Result {
  Error error = Error::kNone;
  std::uint32_t index = 0;    // place in the chain of the descriptor in error, from 0
  std::uint32_t address = 0;  // its address

  constexpr bool ok() const { return error == Error::kNone; }
};

}  // namespace heepstor::engine
