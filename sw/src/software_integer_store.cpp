// INT8 jobs: requantization, windows, operand, table, and storing.

#include "software_job.hpp"
#include "software_requantization.hpp"

namespace heepstor::software {
namespace {

std::int8_t byte_of(std::uint32_t word, std::uint32_t index) {
  return static_cast<std::int8_t>(word >> 8 * index);
}

/// What results of all channels have in common.
class Results {
 public:
  Results(const Engine& engine, const Job& job)
      : engine_(engine),
        job_(job),
        range_{job.fields.zero_point,
               byte_of(job.fields.table_format, engine::kTableFormatIntegerLowShift / 8),
               byte_of(job.fields.table_format, engine::kTableFormatIntegerHighShift / 8)},
        before_sum_(range_) {
    if (!job.has(engine::kControlAddResidual)) return;
    sum_ = *pointer<const OperandSum>(engine.memory, job.fields.parameters);
    before_sum_ = sum_.range();
  }

  /// The largest of a window of requantized sums; `sums` is its first.
  std::int32_t pool(const Requantization& requantize, const float* sums) const {
    const bool ties_even = job_.has(engine::kControlTiesEven);
    const std::uint32_t size = engine_.geometry.array_size;
    std::int32_t largest = INT32_MIN;
    for (std::uint32_t y = 0; y < job_.window.y; ++y) {
      for (std::uint32_t x = 0; x < job_.window.x; ++x) {
        const float sum = sums[(y * job_.positions.x + x) * size];
        const auto integer = static_cast<std::int32_t>(to_bits(sum));
        const std::int32_t value = before_sum_(requantize(integer, ties_even));
        if (value > largest) largest = value;
      }
    }
    return largest;
  }

  /// What sum with an operand and table make of a value.
  std::uint8_t finish(std::int32_t value, std::int32_t operand) const {
    if (job_.has(engine::kControlAddResidual)) value = range_(sum_(value, operand));
    const auto byte = static_cast<std::uint8_t>(value);
    if (!job_.has(engine::kControlApplyTable)) return byte;
    return static_cast<std::uint8_t>(engine_.byte_table[byte]);
  }

 private:
  const Engine& engine_;
  const Job& job_;
  Range range_;
  Range before_sum_;
  OperandSum sum_{};
};

/// The parameters of a tile.
class TileParameters {
 public:
  TileParameters(const Engine& engine, const Job& job, std::uint32_t tile)
      : words_(parameter_words(job, tile, engine.geometry.array_size)),
        first_(pointer<const std::uint32_t>(engine.memory, job.fields.parameters) +
               leading_words(job) + parameter_arrays(job) * tile * engine.geometry.array_size) {}

  Requantization channel(std::uint32_t column) const {
    return {first_[column], static_cast<std::int32_t>(first_[words_ + column]),
            first_[2 * words_ + column]};
  }

 private:
  std::uint32_t words_;
  const std::uint32_t* first_;
};

/// Where a position's results go, and their operands are: from the first ones of the job.
struct Offset {
  std::uint32_t bytes;
  std::uint32_t words;
};

/// Stores the channels of a tile at one position; bytes behind the last one are 0.
void store_position(const Engine& engine, const Job& job, const Results& results,
                    const TileParameters& parameters, const float* sums, std::uint32_t channels,
                    Offset offset) {
  for (std::uint32_t first = 0; first < channels; first += kWordBytes) {
    std::uint32_t operands = 0;
    if (job.reads_operand()) {
      operands = *pointer<const std::uint32_t>(engine.memory, job.fields.residual + offset.bytes);
    }
    std::uint32_t word = 0;
    for (std::uint32_t i = 0; i < kWordBytes && first + i < channels; ++i) {
      const std::int32_t value = results.pool(parameters.channel(first + i), sums + first + i);
      word |= std::uint32_t{results.finish(value, byte_of(operands, i))} << 8 * i;
    }
    if (job.has(engine::kControlStoreMemory)) {
      *pointer<std::uint32_t>(engine.memory, job.fields.destination + offset.bytes) = word;
    }
    if (job.has(engine::kControlStoreBuffer)) {
      engine.buffer[job.store_base + offset.words] = to_float(word);
    }
    offset.bytes += kWordBytes;
    ++offset.words;
  }
}

void load_byte_table(const Engine& engine, const Job& job) {
  const auto* source = pointer<const std::int8_t>(engine.memory, job.fields.coefficients);
  for (std::uint32_t i = 0; i < kByteTableBytes; ++i) engine.byte_table[i] = source[i];
}

}  // namespace

// If results overlap, the last one remains: tiles are the outer loop, then positions, then both of
// a pair, then channels.
void store_integers(const Engine& engine, const Job& job) {
  if (job.loads_table()) load_byte_table(engine, job);
  const std::uint32_t size = engine.geometry.array_size;
  const std::uint32_t channels = job.stored_channels(size);
  const Results results(engine, job);
  for (std::uint32_t first = 0; first < channels; first += size) {
    const std::uint32_t tile = first / size;
    const std::uint32_t columns = channels - first < size ? channels - first : size;
    const TileParameters parameters(engine, job, tile);
    const float* sums = engine.accumulators + (job.accumulator + tile * job.entries()) * size;
    for (std::uint32_t y = 0; y < job.store_shape.y; ++y) {
      const float* sum = sums + y * job.window.y * job.positions.x * size;
      Offset offset{y * job.fields.destination_pitch_y + first,
                    y * job.store_pitch.y + first / kWordBytes};
      for (std::uint32_t x = 0; x < job.store_shape.x; ++x) {
        store_position(engine, job, results, parameters, sum, columns, offset);
        if (job.halves() == 2) {
          store_position(engine, job, results, parameters,
                         sum + engine.geometry.accumulator_depth * size, columns,
                         {offset.bytes + job.pair_rows * job.fields.destination_pitch_y,
                          offset.words + job.pair_rows * job.store_pitch.y});
        }
        sum += job.window.x * size;
        offset.bytes += job.fields.destination_pitch_x;
        offset.words += job.store_pitch.x;
      }
    }
  }
}

}  // namespace heepstor::software
