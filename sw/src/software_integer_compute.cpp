// INT8 jobs: sums of products and of words, INT32. The second positions of pairs have sums of their
// own, behind all others.

#include "software_slices.hpp"
#include "software_weights.hpp"

namespace heepstor::software {
namespace {

// Both sums of a pair are made in one number: the lower bits of a group of array rows are the first
// one's, and what they do not hold is carried into the second.
constexpr std::uint32_t kGroupRows = 8;
constexpr std::uint32_t kSpareBits = 32 - 18;
// Depthwise kernels have unsigned activations: the bit that makes them so, in each byte of a word.
constexpr std::uint32_t kSignBits = 0x80808080;

/// The four activations of a word.
struct Bytes {
  std::uint32_t bits;

  std::int32_t as_signed(std::uint32_t index) const {
    return static_cast<std::int32_t>(bits << (24 - 8 * index)) >> 24;
  }
  std::int32_t as_unsigned(std::uint32_t index) const {
    return static_cast<std::int32_t>(bits >> 8 * index & 0xFF);
  }
};

Bytes bytes_of(float word) { return {to_bits(word)}; }

/// Adds to a sum, which starts over beyond 32 bits.
void add_to(float& sum, std::int32_t value) {
  sum = to_float(to_bits(sum) + static_cast<std::uint32_t>(value));
}

/// Adds as much as the value is more than the sum's low byte, if it is more.
void raise_to(float& largest, std::int32_t value) {
  if (value > bytes_of(largest).as_signed(0)) {
    largest = to_float(static_cast<std::uint32_t>(value));
  }
}

/// Sums between those of a position and those of the second one of its pair.
std::uint32_t to_second(const Engine& engine) {
  return engine.geometry.accumulator_depth * engine.geometry.array_size;
}

/// The activations of a slice at one position.
struct IntegerSlice {
  std::int32_t values[kMaxArraySize];

  void load(const Lanes& lanes, const float* position) {
    float gathered[kMaxArraySize];
    const float* words = gather(lanes, position, gathered);
    for (std::uint32_t i = 0; i < lanes.count; ++i) {
      for (std::uint32_t byte = 0; byte < kWordBytes; ++byte) {
        values[i * kWordBytes + byte] = bytes_of(words[i]).as_signed(byte);
      }
    }
  }
};

/// Sums of products of a group of lanes with four columns of a tile.
struct GroupSums {
  std::int32_t sums[4] = {};

  template <class Weights>
  GroupSums(const IntegerSlice& slice, std::uint32_t lane, std::uint32_t end,
            const std::int8_t* const* columns, Weights) {
    for (; lane < end; ++lane) {
      const std::int32_t value = slice.values[lane];
      for (int i = 0; i < 4; ++i) sums[i] += value * Weights::at(columns[i], lane);
    }
  }
};

/// Sums of products of one or both positions of a pair with four columns, `pitch` bytes apart.
struct PairSums {
  std::int32_t first[4] = {};
  std::int32_t second[4] = {};

  template <class Weights>
  PairSums(const IntegerSlice* slices, std::uint32_t halves, std::uint32_t lanes,
           const std::int8_t* weights, std::uint32_t pitch, Weights type) {
    const std::int8_t* columns[] = {weights, weights + pitch, weights + 2 * pitch,
                                    weights + 3 * pitch};
    for (std::uint32_t lane = 0; lane < lanes; lane += kGroupRows) {
      const std::uint32_t end = lanes - lane < kGroupRows ? lanes : lane + kGroupRows;
      const GroupSums group(slices[0], lane, end, columns, type);
      for (int i = 0; i < 4; ++i) {
        const std::int32_t whole = group.sums[i];
        const auto shifted = static_cast<std::uint32_t>(whole) << kSpareBits;
        const std::int32_t lower = static_cast<std::int32_t>(shifted) >> kSpareBits;
        first[i] += lower;
        second[i] += (whole - lower) >> (32 - kSpareBits);
      }
      if (halves == 1) continue;
      const GroupSums other(slices[1], lane, end, columns, type);
      for (int i = 0; i < 4; ++i) second[i] += other.sums[i];
    }
  }
};

/// Adds a slice of one position, or pair, to its sums in all tiles; columns without weights keep
/// theirs, which nobody reads.
template <class Weights>
void multiply_slice(const Engine& engine, const Job& job, const IntegerSlice* slices,
                    std::uint32_t lanes, const std::int8_t* weights, float* position,
                    Weights type) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t pitch = Weights::bytes(size);
  const std::uint32_t whole = tile_bytes(job, size);
  const std::uint32_t halves = job.halves();
  std::uint32_t tile = 0;
  for_each_tile(engine, job, position, [&](float* sums) {
    const std::uint32_t columns = job.columns(tile++, size);
    for (std::uint32_t column = 0; column < columns;) {
      // The last ones one by one: memory may end behind them.
      const std::uint32_t count = columns - column < 4 ? 1 : 4;
      const PairSums made(slices, halves, lanes, weights + column * pitch, count == 4 ? pitch : 0,
                          type);
      for (std::uint32_t i = 0; i < count; ++i, ++column) {
        add_to(sums[column], made.first[i]);
        if (halves == 2) add_to(sums[column + to_second(engine)], made.second[i]);
      }
    }
    weights += whole;
  });
}

template <class Weights>
void multiply_matrices(const Engine& engine, const Job& job, Weights type) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t bytes = slice_bytes(job, size);
  const auto* stream = pointer<const std::int8_t>(engine.memory, job.fields.weights);
  const auto distance = static_cast<std::uint32_t>(job.pair_distance());
  for_each_slice(job, job.width(size), [&](const Lanes& lanes) {
    for_each_position(engine, job, [&](const float* words, float* sums) {
      IntegerSlice slices[2];
      slices[0].load(lanes, words);
      if (job.halves() == 2) slices[1].load(lanes, words + distance);
      multiply_slice(engine, job, slices, lanes.count * kWordBytes, stream + lanes.index * bytes,
                     sums, type);
    });
  });
}

/// Multiplies the channels of a block by one tap: `weights` is the first one's, others are `pitch`
/// weights apart.
template <class Weights>
void multiply_tap(const float* words, std::uint32_t channels, const std::int8_t* weights,
                  std::uint32_t tap, std::uint32_t pitch, float* sums, Weights) {
  for (std::uint32_t channel = 0; channel < channels; ++channel) {
    const Bytes bytes{to_bits(words[channel / kWordBytes]) ^ kSignBits};
    const std::int32_t weight = Weights::at(weights, channel * pitch + tap);
    add_to(sums[channel], bytes.as_unsigned(channel % kWordBytes) * weight);
  }
}

/// Multiplies by the taps of kernels, of which a slice has `kernel_rows` x kKernelColumns.
template <class Weights>
void multiply_kernels(const Engine& engine, const Job& job, Weights type) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t rows = kernel_rows(size);
  const std::uint32_t slices_across = divide_up(job.runs.x, kKernelColumns);
  const std::uint32_t tile_pitch = tile_bytes(job, size);
  const auto* stream = pointer<const std::int8_t>(engine.memory, job.fields.weights);
  const auto multiply = [&](std::uint32_t y, std::uint32_t x) {
    const std::uint32_t slice = y / rows * slices_across + x / kKernelColumns;
    const std::uint32_t tap = y % rows * kKernelColumns + x % kKernelColumns;
    const std::int8_t* weights = stream + slice * slice_bytes(job, size);
    for_each_block(engine, job, y * job.run_pitch.y + x * job.run_pitch.x,
                   [&](const float* words, std::uint32_t count, float* sums, std::uint32_t tile) {
                     const std::uint32_t columns = job.columns(tile, size);
                     const std::uint32_t lanes = count * kWordBytes;
                     multiply_tap(words, lanes < columns ? lanes : columns,
                                  weights + tile * tile_pitch, tap, size, sums, type);
                   });
  };
  for (std::uint32_t y = 0; y < job.runs.y; ++y) {
    for (std::uint32_t x = 0; x < job.runs.x; ++x) multiply(y, x);
  }
}

/// Bypassing the array: combine(sum, activation) for all channels.
template <class Combine>
void combine_channels(const Engine& engine, const Job& job, Combine combine) {
  const std::uint32_t size = engine.geometry.array_size;
  const auto distance = static_cast<std::uint32_t>(job.pair_distance());
  const auto combine_half = [&](std::uint32_t start, std::uint32_t offset) {
    for_each_block(engine, job, start,
                   [&](const float* words, std::uint32_t count, float* sums, std::uint32_t) {
                     sums += offset;
                     const std::uint32_t lanes = count * kWordBytes;
                     for (std::uint32_t i = 0; i < lanes; ++i) {
                       combine(sums[i], bytes_of(words[i / kWordBytes]).as_signed(i % kWordBytes));
                     }
                     for (std::uint32_t i = lanes; i < size; ++i) combine(sums[i], 0);
                   });
  };
  for_each_run(job, [&](std::uint32_t start) {
    combine_half(start, 0);
    if (job.halves() == 2) combine_half(start + distance, to_second(engine));
  });
}

/// Initializes the accumulators with the operation's neutral value.
void clear_accumulators(const Engine& engine, const Job& job) {
  const std::uint32_t size = engine.geometry.array_size;
  const std::int32_t neutral = job.operation == Operation::kMax ? INT8_MIN : 0;
  float* sums = engine.accumulators + job.accumulator * size;
  const std::uint32_t count = job.tiles * job.entries() * size;
  for (std::uint32_t i = 0; i < count; ++i) {
    sums[i] = to_float(static_cast<std::uint32_t>(neutral));
    if (job.halves() == 2) sums[i + to_second(engine)] = sums[i];
  }
}

}  // namespace

void compute_integers(const Engine& engine, const Job& job) {
  if (job.has(engine::kControlFirst)) clear_accumulators(engine, job);
  switch (job.operation) {
    case Operation::kMatmul:
      return with_weights(job, [&](auto type) { multiply_matrices(engine, job, type); });
    case Operation::kDepthwise:
      return with_weights(job, [&](auto type) { multiply_kernels(engine, job, type); });
    case Operation::kSum:
      return combine_channels(engine, job, add_to);
    case Operation::kMax:
      return combine_channels(engine, job, raise_to);
  }
}

}  // namespace heepstor::software
