// The order of a job's work: its slices, the positions of each, and the tiles of each position.
#pragma once

#include "software_job.hpp"

namespace heepstor::software {

/// Where a slice's words are, relative to a position's first word.
struct Lanes {
  std::uint32_t index;  // of the slice
  std::uint32_t count;
  std::uint32_t offsets[kMaxArraySize];
  bool contiguous;
};

/// The words of a slice at a position; `gathered` is where they go if they don't lie together.
inline const float* gather(const Lanes& lanes, const float* position, float* gathered) {
  if (lanes.contiguous) return position + lanes.offsets[0];
  for (std::uint32_t i = 0; i < lanes.count; ++i) gathered[i] = position[lanes.offsets[i]];
  return gathered;
}

/// Calls function(position's first word in the buffer, its first entry) for all positions.
template <class Function>
void for_each_position(const Engine& engine, const Job& job, Function function) {
  const std::uint32_t size = engine.geometry.array_size;
  std::uint32_t entry = job.accumulator * size;
  for (std::uint32_t y = 0; y < job.positions.y; ++y) {
    std::uint32_t word = job.input_base + y * job.step.y;
    for (std::uint32_t x = 0; x < job.positions.x; ++x) {
      function(engine.buffer + word, engine.accumulators + entry);
      word += job.step.x;
      entry += size;
    }
  }
}

/// Calls function(words from the position's first) for all runs.
template <class Function>
void for_each_run(const Job& job, Function function) {
  for (std::uint32_t y = 0; y < job.runs.y; ++y) {
    for (std::uint32_t x = 0; x < job.runs.x; ++x) {
      function(y * job.run_pitch.y + x * job.run_pitch.x);
    }
  }
}

/// Calls function(sums) for the accumulators of a position in each tile.
template <class Function>
void for_each_tile(const Engine& engine, const Job& job, float* sums, Function function) {
  const std::uint32_t pitch = job.entries() * engine.geometry.array_size;
  for (std::uint32_t tile = 0; tile < job.tiles; ++tile) function(sums + tile * pitch);
}

/// Calls function(first word, count of words, sums, tile) for each tile of channels of all
/// positions; `start` is the run's.
template <class Function>
void for_each_block(const Engine& engine, const Job& job, std::uint32_t start, Function function) {
  const std::uint32_t width = job.width(engine.geometry.array_size);
  for_each_position(engine, job, [&](const float* words, float* position) {
    std::uint32_t tile = 0;
    words += start;
    for_each_tile(engine, job, position, [&](float* sums) {
      const std::uint32_t done = tile * width;
      const std::uint32_t left = job.run_words > done ? job.run_words - done : 0;
      function(words + done, left < width ? left : width, sums, tile++);
    });
  });
}

/// Calls function(lanes) for all slices that end with their run; a slice has up to `width` words.
template <class Function>
void for_each_slice_of_runs(const Job& job, std::uint32_t width, Function function) {
  Lanes lanes{};
  lanes.contiguous = true;
  for_each_run(job, [&](std::uint32_t start) {
    for (std::uint32_t word = 0; word < job.run_words; word += width) {
      lanes.count = job.run_words - word < width ? job.run_words - word : width;
      lanes.offsets[0] = start + word;
      function(lanes);
      ++lanes.index;
    }
  });
}

/// The same for slices that continue from run to run (spans).
template <class Function>
void for_each_slice_of_span(const Job& job, std::uint32_t width, Function function) {
  Lanes lanes{};
  const auto finish_slice = [&] {
    function(lanes);
    ++lanes.index;
    lanes.count = 0;
  };
  for_each_run(job, [&](std::uint32_t start) {
    for (std::uint32_t word = 0; word < job.run_words; ++word) {
      lanes.offsets[lanes.count++] = start + word;
      if (lanes.count == width) finish_slice();
    }
  });
  if (lanes.count != 0) finish_slice();
}

/// Calls function(lanes) for all slices of a matrix product.
template <class Function>
void for_each_slice(const Job& job, std::uint32_t width, Function function) {
  if (job.has(engine::kControlSpan)) {
    for_each_slice_of_span(job, width, function);
  } else {
    for_each_slice_of_runs(job, width, function);
  }
}

}  // namespace heepstor::software
