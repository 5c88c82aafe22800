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

// Pitches in memory must be smaller: otherwise an address could wrap around into memory again.
inline constexpr std::uint32_t kPitchLimit = 0x80000000;

constexpr std::uint32_t divide_up(std::uint32_t value, std::uint32_t by) {
  return (value + by - 1) / by;
}

/// `bytes`, rounded up to whole lines.
constexpr std::uint32_t whole_lines(std::uint32_t bytes) {
  return divide_up(bytes, kLineBytes) * kLineBytes;
}

/// Banks of the activation buffer; `size` is the array's.
constexpr std::uint32_t bank_count(std::uint32_t size) {
  std::uint32_t banks = 1;
  while (banks < size) banks *= 2;
  return banks;
}

/// Kernel columns of a slice of an INT8 depthwise job.
inline constexpr std::uint32_t kKernelColumns = 3;

/// Kernel rows of such a slice; `size` is the array's.
constexpr std::uint32_t kernel_rows(std::uint32_t size) {
  if (size < 2 * kKernelColumns) return 1;
  return size < 3 * kKernelColumns ? 2 : 3;
}

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
        pair_rows(descriptor.pair_rows),
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

  bool is_integer() const { return has(engine::kControlInt8); }
  /// Whether activations are multiplied by the taps of a kernel, several in a slice.
  bool has_kernel() const { return is_integer() && operation == Operation::kDepthwise; }

  /// Words of a slice, or of a tile's channels; `size` is the array's.
  std::uint32_t width(std::uint32_t size) const { return is_integer() ? size / kWordBytes : size; }

  /// Results that are computed at once for a position.
  std::uint32_t halves() const { return pair_rows == 0 ? 1 : 2; }

  /// Words of the buffer from the first position of a pair to the second.
  std::uint64_t pair_distance() const { return std::uint64_t{pair_rows} * window.y * step.y; }

  /// Accumulator entries of a tile.
  std::uint32_t entries() const { return positions.x * positions.y; }

  /// Number of channels that are stored; `size` is the array's.
  std::uint32_t stored_channels(std::uint32_t size) const {
    return channels < tiles * size ? channels : tiles * size;
  }

  /// Words of a stored position.
  std::uint32_t stored_words(std::uint32_t size) const {
    const std::uint32_t columns = stored_channels(size);
    return is_integer() ? divide_up(columns, kWordBytes) : columns;
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
  std::uint32_t pair_rows;
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

/// Bytes of so many weights of a tile, in whole lines.
inline std::uint32_t weight_bytes(const Job& job, std::uint32_t weights) {
  return whole_lines(job.has(engine::kControlInt4Weights) ? divide_up(weights, 2) : weights);
}

/// Bytes of the weights of a slice for a whole tile; `size` is the array's.
std::uint32_t tile_bytes(const Job& job, std::uint32_t size);

/// Bytes of weights per slice, of all tiles.
std::uint32_t slice_bytes(const Job& job, std::uint32_t size);

/// Words of each array of a tile's parameters: scales, biases, and in INT8 jobs offsets.
inline std::uint32_t parameter_words(const Job& job, std::uint32_t tile, std::uint32_t size) {
  return whole_lines(job.columns(tile, size) * kWordBytes) / kWordBytes;
}

/// Arrays of parameters of a tile.
inline std::uint32_t parameter_arrays(const Job& job) {
  if (job.is_integer()) return 3;
  return job.has(engine::kControlScalesOnly) ? 1 : 2;
}

/// Words of the parameters before those of the first tile: of the sum with an operand.
inline std::uint32_t leading_words(const Job& job) {
  constexpr std::uint32_t kLines = 4;
  const bool has_sum = job.is_integer() && job.has(engine::kControlAddResidual);
  return has_sum ? kLines * kLineBytes / kWordBytes : 0;
}

/// Bytes of a table of a function.
inline std::uint32_t table_bytes(const Job& job) {
  return job.is_integer() ? kByteTableBytes : engine::kSegments * sizeof(std::uint64_t);
}

// What INT8 adds to the checks of a descriptor, see check().
bool is_unknown_integer(const Job& job, const Geometry& geometry);
bool breaks_kernel(const Job& job, const Geometry& geometry);
bool breaks_steps(const Job& job, const Geometry& geometry);
bool breaks_pair_pitch(const Job& job);

// The stages of a job that has been checked.
void load(const Engine& engine, const Job& job);
void compute(const Engine& engine, const Job& job);
void store(const Engine& engine, const Job& job);

// Computing and storing of INT8 jobs.
void compute_integers(const Engine& engine, const Job& job);
void store_integers(const Engine& engine, const Job& job);

}  // namespace heepstor::software
