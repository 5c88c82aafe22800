// Slices: words that positions read from the buffer, times weights, added to the accumulators.

#include "slice.hpp"
#include "software_arithmetic.hpp"
#include "software_job.hpp"

namespace heepstor::software {
namespace {

const float kNan = to_float(kCanonicalNanBits);

/// Where a slice's words are, relative to a position's first word.
struct Lanes {
  std::uint32_t index;  // of the slice
  std::uint32_t count;
  std::uint32_t offsets[kMaxArraySize];
  bool contiguous;
};

/// The activations of a slice as integers, in halves.
struct AlignedSlice {
  std::int32_t high[kMaxArraySize];
  std::int32_t low[kMaxArraySize];

  template <class Arithmetic>
  AlignedSlice(const float* activations, std::uint32_t lanes, const Arithmetic& arithmetic) {
    for (std::uint32_t i = 0; i < lanes; ++i) {
      const std::int32_t integer = arithmetic.align(activations[i]);
      high[i] = upper_half(integer);
      low[i] = lower_half(integer);
    }
  }
};

/// Exact dot products of a slice with four columns of a tile, `pitch` bytes apart.
struct FourColumns {
  std::int32_t high[4] = {};
  std::int32_t low[4] = {};

  void accumulate(const AlignedSlice& slice, std::uint32_t lanes, const std::int8_t* weights,
                  std::uint32_t pitch) {
    const std::int8_t* column[] = {weights, weights + pitch, weights + 2 * pitch,
                                   weights + 3 * pitch};
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const std::int32_t upper = slice.high[lane];
      const std::int32_t lower = slice.low[lane];
      for (int i = 0; i < 4; ++i) {
        const std::int32_t weight = *column[i]++;
        high[i] += upper * weight;
        low[i] += lower * weight;
      }
    }
  }
};

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

void fill(float* values, std::uint32_t count, float value) {
  for (std::uint32_t i = 0; i < count; ++i) values[i] = value;
}

/// Adds a slice of one position to its accumulators in all tiles, except for columns that have no
/// weights, whose sums nobody reads.
template <class Arithmetic>
void multiply_slice(const Engine& engine, const Job& job, const float* values, std::uint32_t lanes,
                    const std::int8_t* weights, float* sums, const Arithmetic& arithmetic) {
  const AlignedSlice activations(values, lanes, arithmetic);
  const std::uint32_t size = engine.geometry.array_size;
  std::uint32_t tile = 0;
  for_each_tile(engine, job, sums, [&](float* sum) {
    const std::uint32_t columns = job.columns(tile++, size);
    std::uint32_t column = 0;
    for (; column + 4 <= columns; column += 4) {
      FourColumns dots;
      dots.accumulate(activations, lanes, weights + column * size, size);
      for (int i = 0; i < 4; ++i) {
        sum[column + i] = add(sum[column + i], arithmetic.normalize(dots.high[i], dots.low[i]));
      }
    }
    // The rest one by one: memory may end behind them.
    for (; column < columns; ++column) {
      FourColumns dots;
      dots.accumulate(activations, lanes, weights + column * size, 0);
      sum[column] = add(sum[column], arithmetic.normalize(dots.high[0], dots.low[0]));
    }
    weights += size * size;
  });
}

void multiply_lanes(const Engine& engine, const Job& job, const Lanes& lanes) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t bytes = slice_bytes(job, size);
  const auto* weights =
      pointer<const std::int8_t>(engine.memory, job.fields.weights) + lanes.index * bytes;
  for_each_position(engine, job, [&](const float* words, float* sums) {
    float gathered[kMaxArraySize];
    const float* values = words + lanes.offsets[0];
    if (!lanes.contiguous) {
      for (std::uint32_t i = 0; i < lanes.count; ++i) gathered[i] = words[lanes.offsets[i]];
      values = gathered;
    }
    const std::uint32_t exponent = largest_exponent(values, lanes.count);
    if (exponent == kInvalidExponent) {
      for_each_tile(engine, job, sums, [=](float* sum) { fill(sum, size, kNan); });
      return;
    }
    with_arithmetic(exponent, [&](const auto& arithmetic) {
      multiply_slice(engine, job, values, lanes.count, weights, sums, arithmetic);
    });
  });
}

/// Slices that end with their run.
void multiply_runs(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  Lanes lanes{};
  lanes.contiguous = true;
  for_each_run(job, [&](std::uint32_t start) {
    for (std::uint32_t word = 0; word < job.run_words; word += size) {
      lanes.count = job.run_words - word < size ? job.run_words - word : size;
      lanes.offsets[0] = start + word;
      multiply_lanes(engine, job, lanes);
      ++lanes.index;
    }
  });
}

/// Slices that continue from run to run (spans).
void multiply_span(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  Lanes lanes{};
  const auto finish_slice = [&] {
    multiply_lanes(engine, job, lanes);
    ++lanes.index;
    lanes.count = 0;
  };
  for_each_run(job, [&](std::uint32_t start) {
    for (std::uint32_t word = 0; word < job.run_words; ++word) {
      lanes.offsets[lanes.count++] = start + word;
      if (lanes.count == size) finish_slice();
    }
  });
  if (lanes.count != 0) finish_slice();
}

/// Calls function(words, lanes, sums, tile) for each tile of channels of all positions.
template <class Function>
void for_each_block(const Engine& engine, const Job& job, std::uint32_t start, Function function) {
  const std::uint32_t size = engine.geometry.array_size;
  for_each_position(engine, job, [&](const float* words, float* position) {
    std::uint32_t tile = 0;
    words += start;
    for_each_tile(engine, job, position, [&](float* sums) {
      const std::uint32_t done = tile * size;
      const std::uint32_t left = job.run_words > done ? job.run_words - done : 0;
      function(words + done, left < size ? left : size, sums, tile++);
    });
  });
}

/// Multiplies each channel of a block by its own weight.
template <class Arithmetic>
void multiply_block(const float* words, std::uint32_t lanes, const std::int8_t* weights,
                    float* sums, const Arithmetic& arithmetic) {
  for (std::uint32_t i = 0; i < lanes; ++i) {
    const std::int32_t integer = arithmetic.align(words[i]);
    const std::int32_t weight = weights[i];
    const float part =
        arithmetic.normalize(upper_half(integer) * weight, lower_half(integer) * weight);
    sums[i] = add(sums[i], part);
  }
}

void multiply_channels(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t bytes = whole_lines(size);
  const auto* weights = pointer<const std::int8_t>(engine.memory, job.fields.weights);
  for_each_run(job, [&](std::uint32_t start) {
    for_each_block(engine, job, start,
                   [&](const float* words, std::uint32_t lanes, float* sums, std::uint32_t tile) {
                     const std::uint32_t exponent = largest_exponent(words, lanes);
                     if (exponent == kInvalidExponent) return fill(sums, size, kNan);
                     with_arithmetic(exponent, [&](const auto& arithmetic) {
                       multiply_block(words, lanes, weights + tile * bytes, sums, arithmetic);
                     });
                     for (std::uint32_t i = lanes; i < size; ++i) sums[i] = add(sums[i], 0.0f);
                   });
    weights += job.tiles * bytes;
  });
}

/// Bypassing the array: the words themselves are combined.
template <class Combine>
void combine_channels(const Engine& engine, const Job& job, Combine combine) {
  const std::uint32_t size = engine.geometry.array_size;
  for_each_run(job, [&](std::uint32_t start) {
    for_each_block(engine, job, start,
                   [&](const float* words, std::uint32_t lanes, float* sums, std::uint32_t) {
                     for (std::uint32_t i = 0; i < lanes; ++i) sums[i] = combine(sums[i], words[i]);
                     for (std::uint32_t i = lanes; i < size; ++i) sums[i] = combine(sums[i], 0.0f);
                   });
  });
}

/// Initializes the accumulators with the operation's neutral value.
void clear_accumulators(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  const float neutral = job.operation == Operation::kMax ? -__builtin_inff() : -0.0f;
  fill(engine.accumulators + job.accumulator * size, job.tiles * job.entries() * size, neutral);
}

}  // namespace

void compute(const Engine& engine, const Job& job) {
  if (job.has(engine::kControlFirst)) clear_accumulators(engine, job);
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
