#include "software_job.hpp"

namespace heepstor::software {
namespace {

void fill(float* words, std::uint32_t count, float value) {
  for (std::uint32_t i = 0; i < count; ++i) words[i] = value;
}

/// Copies one row of the feature map into the buffer.
void load_row(const Engine& engine, const Job& job, std::uint32_t row, float* to) {
  std::uint32_t address = job.fields.source + row * job.fields.source_pitch_y;
  for (std::uint32_t column = 0; column < job.load_shape.x; ++column) {
    const auto* from = pointer<const float>(engine.memory, address);
    for (std::uint32_t word = 0; word < job.load_words; ++word) *to++ = from[word];
    address += job.fields.source_pitch_x;
  }
}

}  // namespace

void load(const Engine& engine, const Job& job) {
  const bool loads = job.has(engine::kControlLoad);
  const bool fills = job.has(engine::kControlFill);
  if (!loads && !fills) return;
  const float value = to_float(job.fields.fill_value);
  const std::uint32_t words = job.load_shape.x * job.load_words;
  std::uint32_t row = job.load_base + job.load_head;
  if (fills) fill(engine.buffer + job.load_base, job.load_head, value);
  for (std::uint32_t y = 0; y < job.load_shape.y; ++y) {
    if (loads) load_row(engine, job, y, engine.buffer + row);
    if (fills) fill(engine.buffer + row + words, job.load_pitch_y - words, value);
    row += job.load_pitch_y;
  }
  if (fills) fill(engine.buffer + row, job.load_tail, value);
}

}  // namespace heepstor::software
