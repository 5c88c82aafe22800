// Window, scale, bias, residual, slope, clamp, and writing out.

#include "software_arithmetic.hpp"
#include "software_job.hpp"

namespace heepstor::software {
namespace {

/// What happens to the values of one output channel.
struct Channel {
  float scale;
  float bias;
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

/// Stores one value; its operand and its places are `bytes` and `words` from those of the first.
void store_value(const Engine& engine, const Job& job, const Channel& channel, float sum,
                 std::uint32_t bytes, std::uint32_t words) {
  float value = add(multiply(sum, channel.scale), channel.bias);
  if (job.has(engine::kControlResidual)) {
    value = add(value, *pointer<const float>(engine.memory, job.fields.residual + bytes));
  }
  if (value < 0.0f) value = multiply(value, channel.slope);
  value = clamp(value, channel.low, channel.high);
  if (job.has(engine::kControlStoreMemory)) {
    *pointer<float>(engine.memory, job.fields.destination + bytes) = value;
  }
  if (job.has(engine::kControlStoreBuffer)) engine.buffer[job.store_base + words] = value;
}

}  // namespace

void store(const Engine& engine, const Job& job) {
  if (!job.stores()) return;
  const std::uint32_t size = engine.geometry.array_size;
  const auto* parameters = pointer<const float>(engine.memory, job.fields.parameters);
  Channel channel{};
  channel.slope = to_float(job.fields.slope);
  channel.low = to_float(job.fields.clamp_low);
  channel.high = to_float(job.fields.clamp_high);
  const bool pools = job.window.x * job.window.y > 1;
  const std::uint32_t columns = job.stored_columns(size);
  for (std::uint32_t column = 0; column < columns; ++column) {
    const std::uint32_t tile = column / size;
    const std::uint32_t lane = column % size;
    channel.scale = parameters[2 * tile * size + lane];
    channel.bias = parameters[(2 * tile + 1) * size + lane];
    const float* sums =
        engine.accumulators + (job.accumulator + tile * job.entries()) * size + lane;
    for (std::uint32_t y = 0; y < job.store_shape.y; ++y) {
      std::uint32_t entry = y * job.window.y * job.positions.x;
      std::uint32_t bytes = y * job.fields.pitch_y + column * kWordBytes;
      std::uint32_t words = y * job.store_step.y + column;
      for (std::uint32_t x = 0; x < job.store_shape.x; ++x) {
        const float* sum = sums + entry * size;
        store_value(engine, job, channel, pools ? pool(job, sum, size) : *sum, bytes, words);
        entry += job.window.x;
        bytes += job.fields.pitch_x;
        words += job.store_step.x;
      }
    }
  }
}

}  // namespace heepstor::software
