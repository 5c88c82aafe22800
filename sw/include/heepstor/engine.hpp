// The tensor engine: building descriptors and running chains of them.
//
// A chain runs on the hardware, or, where the firmware is built with HEEPSTOR_OPERATORS_SOFTWARE,
// on the CPU, with the same results bit for bit.
#pragma once

#include <cstdint>
#include <limits>

#include "heepstor/assert.hpp"
#include "heepstor/bits.hpp"
#include "heepstor/descriptor.hpp"
#include "heepstor_config.hpp"

namespace heepstor::engine {

/// A 32-bit address of the SoC, made of a number or of any pointer.
struct Address {
  std::uint32_t value;

  // Implicit on purpose: tables of descriptors name arrays and numbers alike.
  constexpr Address(std::uint32_t number) : value(number) {}
  // The compiler folds the cast to a link-time constant in a table's initialiser.
  constexpr Address(const void* pointer)
      : value(pointer == nullptr
                  ? 0
                  : static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer))) {}
};

/// Builds the descriptor of `rows` x `words` activations times `words` x `columns` weights.
///
/// Parts that are left out are not done: without load() the activations of an earlier descriptor
/// are used, without first() the accumulators are added to, without store() nothing is written.
class Matmul {
 public:
  /// rows: M; words: K, or the chunk of it that this descriptor works on; columns: N.
  constexpr Matmul(std::uint32_t rows, std::uint32_t words, std::uint32_t columns) {
    descriptor_.control = kOperationMatmul;
    descriptor_.shape = rows | words << 16;
    descriptor_.tiles = (columns + config::kArraySize - 1) / config::kArraySize;
    descriptor_.columns = columns;
    clamp(-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity());
  }

  /// Fetches activations whose rows are `pitch` bytes apart.
  constexpr Matmul& load(Address source, std::uint32_t pitch) {
    descriptor_.control |= kControlLoad;
    descriptor_.source = source.value;
    descriptor_.source_pitch = pitch;
    return *this;
  }

  /// Place of the activations in the engine's buffer: first word, words between rows.
  constexpr Matmul& buffer(std::uint32_t base, std::uint32_t pitch) {
    descriptor_.buffer = base | pitch << 16;
    return *this;
  }

  /// Weight stream (16-byte aligned) and first accumulator entry.
  constexpr Matmul& weights(Address stream, std::uint32_t accumulator = 0) {
    descriptor_.weights = stream.value;
    descriptor_.tiles |= accumulator << 16;
    return *this;
  }

  /// The first slice overwrites the accumulators.
  constexpr Matmul& first() {
    descriptor_.control |= kControlFirst;
    return *this;
  }

  /// Writes out scaled, biased and clamped results in rows `pitch` bytes apart.
  constexpr Matmul& store(Address parameters, Address destination, std::uint32_t pitch) {
    descriptor_.control |= kControlStore;
    descriptor_.parameters = parameters.value;
    descriptor_.destination = destination.value;
    descriptor_.destination_pitch = pitch;
    return *this;
  }

  /// Limits the results to low .. high; NaN stays.
  constexpr Matmul& clamp(float low, float high) {
    descriptor_.clamp_low = to_bits(low);
    descriptor_.clamp_high = to_bits(high);
    return *this;
  }

  constexpr Matmul& relu() { return clamp(0.0f, std::numeric_limits<float>::infinity()); }

  /// Loads and computes only after every earlier descriptor has been computed and stored.
  constexpr Matmul& fence() {
    descriptor_.control |= kControlFence;
    return *this;
  }

  /// Where the counters are written at completion.
  constexpr Matmul& profile(Address counters) {
    descriptor_.profile = counters.value;
    return *this;
  }

  constexpr Matmul& next(Address descriptor) {
    descriptor_.next = descriptor.value;
    return *this;
  }

  constexpr operator Descriptor() const { return descriptor_; }

 private:
  Descriptor descriptor_;
};

/// Lets a descriptor read its activations from elsewhere.
inline void set_source(Descriptor& descriptor, Address source) { descriptor.source = source.value; }

/// Lets a descriptor write its results elsewhere.
inline void set_destination(Descriptor& descriptor, Address destination) {
  HEEPSTOR_ASSERT(destination.value % sizeof(float) == 0, "results must be aligned to a word");
  descriptor.destination = destination.value;
}

/// Ends the program with a message if the engine is not the one that this firmware was built for.
void check_hardware();

/// Runs the chain that begins at `first`; the CPU sleeps until its end.
Result run(const Descriptor* first);

/// The reason in words.
const char* reason(Error error);

/// Prints why and where a chain was stopped; nothing if it was not.
void report(const Result& result);

}  // namespace heepstor::engine
