// A descriptor taken apart, and the stages that work on it.
#pragma once

#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/descriptor.hpp"
#include "heepstor/software_engine.hpp"

namespace heepstor::software {

using engine::Operation;

inline constexpr std::uint32_t kWordBytes = sizeof(float);
inline constexpr std::uint32_t kLineBytes = 16;

constexpr std::uint32_t low_half(std::uint32_t word) { return word & 0xFFFF; }
constexpr std::uint32_t high_half(std::uint32_t word) { return word >> 16; }

/// How many, or how far apart: along a row, and from row to row.
struct Pair {
  std::uint32_t x;
  std::uint32_t y;
};

/// Names as in Descriptor; addresses and what else is a word of its own stay in `fields`.
struct Job {
  explicit Job(const engine::Descriptor& descriptor)
      : fields(descriptor),
        operation(static_cast<Operation>(descriptor.control & 0xFF)),
        load_shape{high_half(descriptor.load_shape), low_half(descriptor.load_shape)},
        load_words(low_half(descriptor.load_row)),
        load_pitch(high_half(descriptor.load_row)),
        load_base(low_half(descriptor.load_buffer)),
        load_head(high_half(descriptor.load_buffer)),
        load_tail(descriptor.load_tail),
        input(low_half(descriptor.input)),
        accumulator(high_half(descriptor.input)),
        step{low_half(descriptor.step), high_half(descriptor.step)},
        positions{low_half(descriptor.positions), high_half(descriptor.positions)},
        run(low_half(descriptor.run)),
        runs{high_half(descriptor.tiles), high_half(descriptor.run)},
        run_pitch{low_half(descriptor.run_pitch), high_half(descriptor.run_pitch)},
        tiles(low_half(descriptor.tiles)),
        columns(descriptor.columns),
        store_shape{low_half(descriptor.store_shape), high_half(descriptor.store_shape)},
        store_base(low_half(descriptor.store_base)),
        store_step{high_half(descriptor.store_base), low_half(descriptor.store_window)},
        window{descriptor.store_window >> 16 & 0xFF, descriptor.store_window >> 24} {}

  bool has(std::uint32_t control_bit) const { return (fields.control & control_bit) != 0; }
  bool loads() const { return has(engine::kControlLoad | engine::kControlFill); }
  bool stores() const { return has(engine::kControlStoreMemory | engine::kControlStoreBuffer); }
  bool adds_residual() const { return stores() && has(engine::kControlResidual); }
  bool has_weights() const {
    return operation == Operation::kMatmul || operation == Operation::kDepthwise;
  }

  /// Accumulator entries of a tile.
  std::uint32_t entries() const { return positions.x * positions.y; }

  /// Channels that are stored; `size`: of the array.
  std::uint32_t stored_columns(std::uint32_t size) const {
    return columns < tiles * size ? columns : tiles * size;
  }

  const engine::Descriptor& fields;
  Operation operation;
  Pair load_shape;
  std::uint32_t load_words;
  std::uint32_t load_pitch;
  std::uint32_t load_base;
  std::uint32_t load_head;
  std::uint32_t load_tail;
  std::uint32_t input;
  std::uint32_t accumulator;
  Pair step;
  Pair positions;
  std::uint32_t run;
  Pair runs;
  Pair run_pitch;
  std::uint32_t tiles;
  std::uint32_t columns;
  Pair store_shape;
  std::uint32_t store_base;
  Pair store_step;
  Pair window;
};

/// Memory at an address that has been checked.
template <class T>
T* pointer(const Memory& memory, std::uint32_t address) {
  return reinterpret_cast<T*>(memory.data + (address - memory.base));
}

/// Whether `bytes` at `address` lie in memory, aligned.
bool contains(const Memory& memory, std::uint32_t address, std::uint64_t bytes,
              std::uint32_t alignment);

/// What the hardware would report of a job.
engine::Error check(const Engine& engine, const Job& job);

/// Slices of a position and a tile; `size`: of the array.
std::uint64_t slice_count(const Job& job, std::uint32_t size);

/// Bytes of the weights of a slice and a tile.
std::uint32_t weight_bytes(const Job& job, std::uint32_t size);

// The stages of a job that has been checked.
void load(const Engine& engine, const Job& job);
void compute(const Engine& engine, const Job& job);
void store(const Engine& engine, const Job& job);

}  // namespace heepstor::software
