// A decoded descriptor, and the stages that execute it.
#pragma once

#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/chain.hpp"
#include "heepstor/software_engine.hpp"

namespace heepstor::software {

using engine::Factor;
using engine::Operation;

inline constexpr std::uint32_t kWordBytes = sizeof(float);
inline constexpr std::uint32_t kLineBytes = 16;

/// Counts or distances along a row (x) and from row to row (y).
struct Pair {
  std::uint32_t x;
  std::uint32_t y;
};

/// Names as in Descriptor, in 32 bits: products of 16-bit values would overflow `int`. Addresses
/// and other full words stay in `fields`.
struct Job {
  explicit Job(const engine::Descriptor& descriptor)
      : fields(descriptor),
        operation(static_cast<Operation>(descriptor.control & engine::kControlOperation)),
        factor(static_cast<Factor>((descriptor.control & engine::kControlFactor) >>
                                   engine::kControlFactorShift)),
        load_shape{descriptor.load_columns, descriptor.load_rows},
        load_words(descriptor.load_words),
        load_pitch_y(descriptor.load_pitch_y),
        load_base(descriptor.load_base),
        load_head(descriptor.load_head),
        load_tail(descriptor.load_tail),
        input_base(descriptor.input_base),
        accumulator(descriptor.accumulator),
        step{descriptor.step_x, descriptor.step_y},
        positions{descriptor.position_columns, descriptor.position_rows},
        runs{descriptor.runs_x, descriptor.runs_y},
        run_pitch{descriptor.run_pitch_x, descriptor.run_pitch_y},
        run_words(descriptor.run_words),
        tiles(descriptor.tiles),
        channels(descriptor.channels),
        store_shape{descriptor.store_columns, descriptor.store_rows},
        store_pitch{descriptor.store_pitch_x, descriptor.store_pitch_y},
        store_base(descriptor.store_base),
        window{descriptor.window_columns, descriptor.window_rows} {}

  bool has(std::uint32_t control_bit) const { return (fields.control & control_bit) != 0; }
  bool loads() const { return has(engine::kControlLoad | engine::kControlFill); }
  bool stores() const { return has(engine::kControlStoreMemory | engine::kControlStoreBuffer); }
  bool reads_operand() const {
    return stores() && (has(engine::kControlAddResidual) || factor == Factor::kOperand);
  }
  bool loads_table() const { return stores() && has(engine::kControlLoadTable); }
  bool has_weights() const {
    return operation == Operation::kMatmul || operation == Operation::kDepthwise;
  }

  /// Accumulator entries of a tile.
  std::uint32_t entries() const { return positions.x * positions.y; }

  /// Number of channels that are stored; `size` is the array's.
  std::uint32_t stored_channels(std::uint32_t size) const {
    return channels < tiles * size ? channels : tiles * size;
  }

  /// Columns of a tile that weights and parameters have: of the last one those with a channel.
  std::uint32_t columns(std::uint32_t tile, std::uint32_t size) const {
    const std::uint32_t first = tile * size;
    const bool partial = tile + 1 == tiles && first < channels && channels - first < size;
    return partial ? channels - first : size;
  }

  const engine::Descriptor& fields;
  Operation operation;
  Factor factor;
  Pair load_shape;
  std::uint32_t load_words;
  std::uint32_t load_pitch_y;
  std::uint32_t load_base;
  std::uint32_t load_head;
  std::uint32_t load_tail;
  std::uint32_t input_base;
  std::uint32_t accumulator;
  Pair step;
  Pair positions;
  Pair runs;
  Pair run_pitch;
  std::uint32_t run_words;
  std::uint32_t tiles;
  std::uint32_t channels;
  Pair store_shape;
  Pair store_pitch;
  std::uint32_t store_base;
  Pair window;
};

/// Memory at an address that has been checked.
template <class T>
T* pointer(const Memory& memory, std::uint32_t address) {
  return reinterpret_cast<T*>(memory.data + (address - memory.base));
}

/// Whether `bytes` at `address` are within memory, and aligned.
bool contains(const Memory& memory, std::uint32_t address, std::uint64_t bytes,
              std::uint32_t alignment);

/// The error that the hardware would report for a job.
engine::Error check(const Engine& engine, const Job& job);

/// Slices per position and tile; `size` is the array's.
std::uint64_t slice_count(const Job& job, std::uint32_t size);

/// `bytes`, rounded up to whole lines.
constexpr std::uint32_t whole_lines(std::uint32_t bytes) {
  return (bytes + kLineBytes - 1) / kLineBytes * kLineBytes;
}

/// Bytes of weights per slice, of all tiles.
std::uint32_t slice_bytes(const Job& job, std::uint32_t size);

/// Words of a tile's scales, which are as many as those of its biases, if it has any.
inline std::uint32_t parameter_words(const Job& job, std::uint32_t tile, std::uint32_t size) {
  return whole_lines(job.columns(tile, size) * kWordBytes) / kWordBytes;
}

/// Bytes of a table of a function.
inline constexpr std::uint32_t kTableBytes = engine::kSegments * sizeof(std::uint64_t);

// The stages of a job that has been checked.
void load(const Engine& engine, const Job& job);
void compute(const Engine& engine, const Job& job);
void store(const Engine& engine, const Job& job);

}  // namespace heepstor::software
