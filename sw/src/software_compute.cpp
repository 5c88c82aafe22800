// Slices: what positions read of the buffer, times weights, added to the accumulators.

#include "slice.hpp"
#include "software_arithmetic.hpp"
#include "software_job.hpp"

namespace heepstor::software {
namespace {

/// Where the words of a slice lie, from a position's first word.
struct Lanes {
  std::uint32_t index;  // of the slice
  std::uint32_t count;
  std::uint32_t offsets[kMaxArraySize];
  bool contiguous;
};

/// Exact dot products of a slice with four neighbouring columns of a tile.
struct FourColumns {
  std::int32_t high[4] = {};
  std::int32_t low[4] = {};

  void accumulate(const AlignedSlice& slice, std::uint32_t lanes, const std::int8_t* weights,
                  std::uint32_t pitch) {
    for (std::uint32_t lane = 0; lane < lanes; ++lane, weights += pitch) {
      const std::int32_t upper = slice.high[lane];
      const std::int32_t lower = slice.low[lane];
      for (int column = 0; column < 4; ++column) {
        high[column] += upper * weights[column];
        low[column] += lower * weights[column];
      }
    }
  }
};

/// Whether results of a slice take the place of what the accumulators hold.
bool overwrites(const Job& job, std::uint32_t slice) {
  return slice == 0 && job.has(engine::kControlFirst);
}

/// Calls function(position's first word in the buffer, its first entry) for all positions.
template <class Function>
void for_each_position(const Engine& engine, const Job& job, Function function) {
  float* entry = engine.accumulators + job.accumulator * engine.geometry.array_size;
  const float* row = engine.buffer + job.input;
  for (std::uint32_t y = 0; y < job.positions.y; ++y, row += job.step.y) {
    const float* words = row;
    for (std::uint32_t x = 0; x < job.positions.x; ++x, words += job.step.x) {
      function(words, entry);
      entry += engine.geometry.array_size;
    }
  }
}

/// Calls function(index, words from the position's first) for all runs.
template <class Function>
void for_each_run(const Job& job, Function function) {
  std::uint32_t index = 0;
  for (std::uint32_t y = 0; y < job.runs.y; ++y) {
    for (std::uint32_t x = 0; x < job.runs.x; ++x) {
      function(index++, y * job.run_pitch.y + x * job.run_pitch.x);
    }
  }
}

/// Adds a slice of one position to its accumulators in all tiles.
void multiply_slice(const Engine& engine, const Job& job, const AlignedSlice& activations,
                    const Lanes& lanes, const std::int8_t* weights, float* sums) {
  const std::uint32_t size = engine.geometry.array_size;
  const bool overwrite = overwrites(job, lanes.index);
  for (std::uint32_t tile = 0; tile < job.tiles; ++tile) {
    for (std::uint32_t column = 0; column < size; column += 4) {
      FourColumns dots;
      if (!activations.invalid) {
        dots.accumulate(activations, lanes.count, weights + column, size);
      }
      for (std::uint32_t i = 0; i < 4; ++i) {
        const float part = activations.invalid
                               ? to_float(kCanonicalNanBits)
                               : normalize(dots.high[i], dots.low[i], activations.exponent);
        float& sum = sums[column + i];
        sum = overwrite ? part : add(sum, part);
      }
    }
    weights += size * size;
    sums += job.entries() * size;
  }
}

void multiply_lanes(const Engine& engine, const Job& job, const Lanes& lanes) {
  const std::uint32_t bytes = job.tiles * weight_bytes(job, engine.geometry.array_size);
  const auto* weights =
      pointer<const std::int8_t>(engine.memory, job.fields.weights) + lanes.index * bytes;
  for_each_position(engine, job, [&](const float* words, float* sums) {
    float gathered[kMaxArraySize];
    const float* values = words + lanes.offsets[0];
    if (!lanes.contiguous) {
      for (std::uint32_t i = 0; i < lanes.count; ++i) gathered[i] = words[lanes.offsets[i]];
      values = gathered;
    }
    AlignedSlice activations;
    align(values, lanes.count, activations);
    multiply_slice(engine, job, activations, lanes, weights, sums);
  });
}

/// Slices that end with their run.
void multiply_runs(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  Lanes lanes{};
  lanes.contiguous = true;
  for_each_run(job, [&](std::uint32_t, std::uint32_t start) {
    for (std::uint32_t word = 0; word < job.run; word += size) {
      lanes.count = job.run - word < size ? job.run - word : size;
      lanes.offsets[0] = start + word;
      multiply_lanes(engine, job, lanes);
      ++lanes.index;
    }
  });
}

/// Slices that go on from run to run.
void multiply_span(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  Lanes lanes{};
  const auto finish_slice = [&] {
    multiply_lanes(engine, job, lanes);
    ++lanes.index;
    lanes.count = 0;
  };
  for_each_run(job, [&](std::uint32_t, std::uint32_t start) {
    for (std::uint32_t word = 0; word < job.run; ++word) {
      lanes.offsets[lanes.count++] = start + word;
      if (lanes.count == size) finish_slice();
    }
  });
  if (lanes.count != 0) finish_slice();
}

/// Calls function(words, lanes, entry, tile) for each tile of channels of all positions.
template <class Function>
void for_each_tile(const Engine& engine, const Job& job, std::uint32_t start, Function function) {
  const std::uint32_t size = engine.geometry.array_size;
  for_each_position(engine, job, [&](const float* words, float* sums) {
    for (std::uint32_t tile = 0; tile < job.tiles; ++tile) {
      const std::uint32_t done = tile * size;
      const std::uint32_t left = job.run > done ? job.run - done : 0;
      function(words + start + done, left < size ? left : size, sums, tile);
      sums += job.entries() * size;
    }
  });
}

void multiply_channels(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t bytes = weight_bytes(job, size);
  const auto* weights = pointer<const std::int8_t>(engine.memory, job.fields.weights);
  for_each_run(job, [&](std::uint32_t index, std::uint32_t start) {
    const bool overwrite = overwrites(job, index);
    for_each_tile(engine, job, start,
                  [&](const float* words, std::uint32_t lanes, float* sums, std::uint32_t tile) {
                    AlignedSlice activations;
                    align(words, lanes, activations);
                    for (std::uint32_t i = 0; i < size; ++i) {
                      float part = 0.0f;
                      if (activations.invalid) {
                        part = to_float(kCanonicalNanBits);
                      } else if (i < lanes) {
                        const std::int32_t weight = weights[tile * bytes + i];
                        part = normalize(activations.high[i] * weight, activations.low[i] * weight,
                                         activations.exponent);
                      }
                      sums[i] = overwrite ? part : add(sums[i], part);
                    }
                  });
    weights += job.tiles * bytes;
  });
}

/// Past the array: the words themselves are combined.
template <class Combine>
void combine_channels(const Engine& engine, const Job& job, Combine combine) {
  for_each_run(job, [&](std::uint32_t index, std::uint32_t start) {
    const bool overwrite = overwrites(job, index);
    for_each_tile(engine, job, start,
                  [&](const float* words, std::uint32_t lanes, float* sums, std::uint32_t) {
                    for (std::uint32_t i = 0; i < engine.geometry.array_size; ++i) {
                      const float part = i < lanes ? canonical(words[i]) : 0.0f;
                      sums[i] = overwrite ? part : combine(sums[i], part);
                    }
                  });
  });
}

}  // namespace

void compute(const Engine& engine, const Job& job) {
  switch (job.operation) {
    case Operation::kMatmul:
      return job.has(engine::kControlSpan) ? multiply_span(engine, job)
                                           : multiply_runs(engine, job);
    case Operation::kDepthwise:
      return multiply_channels(engine, job);
    case Operation::kSum:
      return combine_channels(engine, job, add);
    case Operation::kMax:
      return combine_channels(engine, job, maximum);
  }
}

}  // namespace heepstor::software
