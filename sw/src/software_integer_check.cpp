// What the engine rejects in INT8 jobs, and in those with INT4 weights.

#include "software_job.hpp"

namespace heepstor::software {
namespace {

// Taps of a depthwise kernel in a row and in a column.
constexpr std::uint32_t kMostTaps = 255;

/// Words from a group of banks to the next one: four groups can be read at once.
std::uint32_t group_words(const Geometry& geometry) { return bank_count(geometry.array_size) / 4; }

}  // namespace

/// Whether a job asks for what its kind, or the engine, does not have.
bool is_unknown_integer(const Job& job, const Geometry& geometry) {
  const bool has_pairs = job.pair_rows != 0;
  if (!job.has_kernel() && job.fields.column_stride != 0) return true;
  if (!job.is_integer()) {
    const bool is_diagonal = job.operation == Operation::kDepthwise;
    const bool lacks_int4 = job.has(engine::kControlInt4Weights) && (!geometry.int8 || is_diagonal);
    return lacks_int4 || job.has(engine::kControlTiesEven) || has_pairs;
  }
  return !geometry.int8 || job.has(engine::kControlScalesOnly) || job.factor != Factor::kSlope ||
         (job.has_kernel() && has_pairs);
}

/// Whether a depthwise kernel is too large, or its rows lie in the wrong banks.
bool breaks_kernel(const Job& job, const Geometry& geometry) {
  if (!job.has_kernel()) return false;
  const bool has_rows = kernel_rows(geometry.array_size) > 1 && job.runs.y > 1;
  const std::uint32_t bank = job.run_pitch.y % bank_count(geometry.array_size);
  return (has_rows && bank != group_words(geometry)) || job.runs.x > kMostTaps ||
         job.runs.y > kMostTaps;
}

/// Whether the positions of a pair begin in the same banks, or the steps of a kernel don't agree.
bool breaks_steps(const Job& job, const Geometry& geometry) {
  if (job.has_kernel()) return job.step.x != job.fields.column_stride * job.run_pitch.x;
  if (job.pair_rows == 0) return false;
  const std::uint32_t banks = bank_count(geometry.array_size);
  const auto bank = static_cast<std::uint32_t>(job.pair_distance()) % banks;
  return bank == 0 || bank % group_words(geometry) != 0;
}

/// Whether the results of a pair are so far apart in memory that an address could wrap around.
bool breaks_pair_pitch(const Job& job) {
  const bool uses_memory = job.has(engine::kControlStoreMemory) || job.reads_operand();
  return uses_memory &&
         std::uint64_t{job.pair_rows} * job.fields.destination_pitch_y >= kPitchLimit;
}

}  // namespace heepstor::software
