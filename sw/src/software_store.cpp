// Window, scale, bias, operand, function, slope, clamp, and storing.

#include "function_table.hpp"
#include "software_arithmetic.hpp"
#include "software_job.hpp"

namespace heepstor::software {
namespace {

/// The epilogue for all output channels.
struct Activation {
  float slope;
  float low;
  float high;
};

/// The largest value of a window; `sums` is its first, entries are `pitch` numbers apart.
float pool(const Job& job, const float* sums, std::uint32_t pitch) {
  float largest = *sums;
  for (std::uint32_t y = 0; y < job.window.y; ++y) {
    for (std::uint32_t x = 0; x < job.window.x; ++x) {
      if ((x | y) != 0) largest = maximum(largest, sums[(y * job.positions.x + x) * pitch]);
    }
  }
  return largest;
}

/// Stores one value at `bytes` and `words` from the first one's; the same for its operand.
void store_value(const Engine& engine, const Job& job, const Activation& activation, float value,
                 std::uint32_t bytes, std::uint32_t words) {
  float operand = 0.0f;
  if (job.reads_operand()) {
    operand = *pointer<const float>(engine.memory, job.fields.residual + bytes);
  }
  if (job.has(engine::kControlAddResidual)) value = add(value, operand);
  const float argument = value;
  if (job.has(engine::kControlApplyTable)) {
    value = apply(engine.table, job.fields.table_format, argument);
  }
  if (job.factor == Factor::kOperand) {
    value = multiply(value, operand);
  } else if (job.factor == Factor::kValue) {
    value = multiply(value, argument);
  } else if (value < 0.0f) {
    value = multiply(value, activation.slope);
  }
  value = clamp(value, activation.low, activation.high);
  if (job.has(engine::kControlStoreMemory)) {
    *pointer<float>(engine.memory, job.fields.destination + bytes) = value;
  }
  if (job.has(engine::kControlStoreBuffer)) engine.buffer[job.store_base + words] = value;
}

/// Reads the table of a function.
void load_table(const Engine& engine, const Job& job) {
  const auto* source = pointer<const std::uint64_t>(engine.memory, job.fields.coefficients);
  for (std::uint32_t i = 0; i < engine::kSegments; ++i) engine.table[i] = source[i];
}

}  // namespace

// If results overlap, the last one remains: tiles are the outer loop, channels the inner one.
void store(const Engine& engine, const Job& job) {
  if (!job.stores()) return;
  if (job.is_integer()) return store_integers(engine, job);
  if (job.loads_table()) load_table(engine, job);
  const std::uint32_t size = engine.geometry.array_size;
  const Activation activation{to_float(job.fields.slope), to_float(job.fields.clamp_low),
                              to_float(job.fields.clamp_high)};
  const bool pools = job.window.x * job.window.y > 1;
  const std::uint32_t channels = job.stored_channels(size);
  for (std::uint32_t first = 0; first < channels; first += size) {
    const std::uint32_t lanes = channels - first < size ? channels - first : size;
    const std::uint32_t tile = first / size;
    const bool alone = job.has(engine::kControlScalesOnly);
    const auto* scale =
        pointer<const float>(engine.memory, job.fields.parameters) + (alone ? 1 : 2) * first;
    const float* bias = scale + parameter_words(job, tile, size);
    const float* sums = engine.accumulators + (job.accumulator + tile * job.entries()) * size;
    for (std::uint32_t y = 0; y < job.store_shape.y; ++y) {
      const float* sum = sums + y * job.window.y * job.positions.x * size;
      std::uint32_t bytes = y * job.fields.destination_pitch_y + first * kWordBytes;
      std::uint32_t words = y * job.store_pitch.y + first;
      for (std::uint32_t x = 0; x < job.store_shape.x; ++x) {
        for (std::uint32_t lane = 0; lane < lanes; ++lane) {
          const float largest = pools ? pool(job, sum + lane, size) : sum[lane];
          store_value(engine, job, activation,
                      add(multiply(largest, scale[lane]), alone ? -0.0f : bias[lane]),
                      bytes + lane * kWordBytes, words + lane);
        }
        sum += job.window.x * size;
        bytes += job.fields.destination_pitch_x;
        words += job.store_pitch.x;
      }
    }
  }
}

}  // namespace heepstor::software
