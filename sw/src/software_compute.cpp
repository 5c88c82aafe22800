// Slices: words that positions read from the buffer, times weights, added to the accumulators.

#include "slice.hpp"
#include "software_arithmetic.hpp"
#include "software_slices.hpp"
#include "software_weights.hpp"

namespace heepstor::software {
namespace {

const float kNan = to_float(kCanonicalNanBits);

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

  template <class Weights>
  void accumulate(const AlignedSlice& slice, std::uint32_t lanes, const std::int8_t* weights,
                  std::uint32_t pitch, Weights) {
    const std::int8_t* column[] = {weights, weights + pitch, weights + 2 * pitch,
                                   weights + 3 * pitch};
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const std::int32_t upper = slice.high[lane];
      const std::int32_t lower = slice.low[lane];
      for (int i = 0; i < 4; ++i) {
        const std::int32_t weight = Weights::at(column[i], lane);
        high[i] += upper * weight;
        low[i] += lower * weight;
      }
    }
  }
};

void fill(float* values, std::uint32_t count, float value) {
  for (std::uint32_t i = 0; i < count; ++i) values[i] = value;
}

/// Adds a slice of one position to its accumulators in all tiles, except for columns that have no
/// weights, whose sums nobody reads.
template <class Arithmetic, class Weights>
void multiply_slice(const Engine& engine, const Job& job, const float* values, std::uint32_t lanes,
                    const std::int8_t* weights, float* sums, const Arithmetic& arithmetic,
                    Weights type) {
  const AlignedSlice activations(values, lanes, arithmetic);
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t pitch = Weights::bytes(size);
  const std::uint32_t whole = tile_bytes(job, size);
  std::uint32_t tile = 0;
  for_each_tile(engine, job, sums, [&](float* sum) {
    const std::uint32_t columns = job.columns(tile++, size);
    std::uint32_t column = 0;
    for (; column + 4 <= columns; column += 4) {
      FourColumns dots;
      dots.accumulate(activations, lanes, weights + column * pitch, pitch, type);
      for (int i = 0; i < 4; ++i) {
        sum[column + i] = add(sum[column + i], arithmetic.normalize(dots.high[i], dots.low[i]));
      }
    }
    // The rest one by one: memory may end behind them.
    for (; column < columns; ++column) {
      FourColumns dots;
      dots.accumulate(activations, lanes, weights + column * pitch, 0, type);
      sum[column] = add(sum[column], arithmetic.normalize(dots.high[0], dots.low[0]));
    }
    weights += whole;
  });
}

template <class Weights>
void multiply_lanes(const Engine& engine, const Job& job, const Lanes& lanes, Weights type) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t bytes = slice_bytes(job, size);
  const auto* weights =
      pointer<const std::int8_t>(engine.memory, job.fields.weights) + lanes.index * bytes;
  for_each_position(engine, job, [&](const float* words, float* sums) {
    float gathered[kMaxArraySize];
    const float* values = gather(lanes, words, gathered);
    const std::uint32_t exponent = largest_exponent(values, lanes.count);
    if (exponent == kInvalidExponent) {
      for_each_tile(engine, job, sums, [=](float* sum) { fill(sum, size, kNan); });
      return;
    }
    with_arithmetic(exponent, [&](const auto& arithmetic) {
      multiply_slice(engine, job, values, lanes.count, weights, sums, arithmetic, type);
    });
  });
}

void multiply_matrices(const Engine& engine, const Job& job) {
  with_weights(job, [&](auto type) {
    for_each_slice(job, engine.geometry.array_size,
                   [&](const Lanes& lanes) { multiply_lanes(engine, job, lanes, type); });
  });
}

/// Multiplies each channel of a block by its own weight.
template <class Arithmetic, class Weights>
void multiply_block(const float* words, std::uint32_t lanes, const std::int8_t* weights,
                    float* sums, const Arithmetic& arithmetic, Weights) {
  for (std::uint32_t i = 0; i < lanes; ++i) {
    const std::int32_t integer = arithmetic.align(words[i]);
    const std::int32_t weight = Weights::at(weights, i);
    const float part =
        arithmetic.normalize(upper_half(integer) * weight, lower_half(integer) * weight);
    sums[i] = add(sums[i], part);
  }
}

template <class Weights>
void multiply_channels(const Engine& engine, const Job& job, Weights type) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t bytes = tile_bytes(job, size);
  const auto* weights = pointer<const std::int8_t>(engine.memory, job.fields.weights);
  for_each_run(job, [&](std::uint32_t start) {
    for_each_block(engine, job, start,
                   [&](const float* words, std::uint32_t lanes, float* sums, std::uint32_t tile) {
                     const std::uint32_t exponent = largest_exponent(words, lanes);
                     if (exponent == kInvalidExponent) return fill(sums, size, kNan);
                     with_arithmetic(exponent, [&](const auto& arithmetic) {
                       multiply_block(words, lanes, weights + tile * bytes, sums, arithmetic, type);
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
  if (job.is_integer()) return compute_integers(engine, job);
  if (job.has(engine::kControlFirst)) clear_accumulators(engine, job);
  switch (job.operation) {
    case Operation::kMatmul:
      return multiply_matrices(engine, job);
    case Operation::kDepthwise:
      return with_weights(job, [&](auto type) { multiply_channels(engine, job, type); });
    case Operation::kSum:
      return combine_channels(engine, job, add);
    case Operation::kMax:
      return combine_channels(engine, job, maximum);
  }
}

}  // namespace heepstor::software
