// What the engine rejects: malformed descriptors, and accesses beyond memory, buffer, accumulators.

#include "software_job.hpp"

namespace heepstor::software {
namespace {

using engine::Error;

/// Distance from the first to the last element of a grid.
std::uint64_t corner(Pair shape, Pair step) {
  return std::uint64_t{shape.x - 1} * step.x + std::uint64_t{shape.y - 1} * step.y;
}

/// Whether results are to be multiplied by what there is not, or not alone.
bool lacks_factor(const Job& job) {
  switch (job.factor) {
    case Factor::kSlope:
      return false;
    case Factor::kValue:
      return !job.has(engine::kControlApplyTable);
    case Factor::kOperand:
      return job.has(engine::kControlAddResidual);
  }
  return true;
}

bool is_unknown(const Job& job, const Geometry& geometry) {
  const engine::Descriptor& fields = job.fields;
  const auto operation = static_cast<std::uint32_t>(job.operation);
  const std::uint32_t fence =
      (fields.control & engine::kControlFence) >> engine::kControlFenceShift;
  const bool is_reserved = (fields.control & engine::kControlReservedControl) != 0 ||
                           (fields.table_format & engine::kTableFormatReservedTable) != 0;
  const bool spans_wrongly =
      job.has(engine::kControlSpan) && (job.operation != Operation::kMatmul || job.runs.x > 1);
  return operation < static_cast<std::uint32_t>(Operation::kMatmul) ||
         operation > static_cast<std::uint32_t>(Operation::kMax) ||
         fence > static_cast<std::uint32_t>(engine::Fence::kAll) || is_reserved || spans_wrongly ||
         lacks_factor(job) || is_unknown_integer(job, geometry);
}

bool is_zero(Pair pair) { return pair.x == 0 || pair.y == 0; }

bool has_zero(const Job& job) {
  if (is_zero(job.positions) || is_zero(job.runs)) return true;
  if (job.run_words == 0 || job.tiles == 0 || job.channels == 0) return true;
  if (job.has_kernel() && job.fields.column_stride == 0) return true;
  if (job.loads() && (is_zero(job.load_shape) || job.load_words == 0)) return true;
  return job.stores() && (is_zero(job.store_shape) || is_zero(job.window));
}

/// Runs of a span begin in successive banks, and a slice crosses few of them.
bool breaks_span(const Job& job, std::uint32_t size) {
  if (!job.has(engine::kControlSpan) || job.runs.y == 1) return false;
  const bool crosses_many = engine::kMostCrossings * job.run_words < job.width(size) &&
                            job.runs.y > engine::kMostCrossings + 1;
  return (job.run_pitch.y - job.run_words) % bank_count(size) != 0 || crosses_many;
}

bool breaks_window(const Job& job) {
  return job.stores() && (job.store_shape.x * job.window.x > job.positions.x ||
                          job.store_shape.y * job.window.y > job.positions.y);
}

/// Addresses and pitches that are invalid wherever memory is.
bool is_misaligned(const Job& job) {
  const engine::Descriptor& fields = job.fields;
  std::uint32_t words = 0;
  std::uint32_t pitches = 0;
  std::uint32_t lines = fields.profile;
  if (job.has_weights()) lines |= fields.weights;
  if (job.stores()) words |= fields.parameters;
  if (job.has(engine::kControlStoreMemory)) words |= fields.destination;
  if (job.loads_table()) lines |= fields.coefficients;
  if (job.reads_operand()) words |= fields.residual;
  if (job.has(engine::kControlLoad)) {
    words |= fields.source;
    pitches |= fields.source_pitch_y | fields.source_pitch_x;
  }
  if (job.has(engine::kControlStoreMemory) || job.reads_operand()) {
    pitches |= fields.destination_pitch_x | fields.destination_pitch_y;
  }
  return (words | pitches) % kWordBytes != 0 || pitches >= kPitchLimit || lines % kLineBytes != 0;
}

/// Rows and columns that are stored, from the first result to the last.
Pair stored_rows(const Job& job) { return {job.store_shape.x, job.store_shape.y + job.pair_rows}; }

/// With fill, rows must fit their pitch.
bool breaks_gap(const Job& job) {
  return job.has(engine::kControlFill) &&
         std::uint64_t{job.load_shape.x} * job.load_words > job.load_pitch_y;
}

bool fits_buffer(const Job& job, const Geometry& geometry) {
  const std::uint32_t room = geometry.buffer_words;
  const std::uint32_t channels = job.tiles * job.width(geometry.array_size);
  const bool cuts = job.operation != Operation::kMatmul && job.run_words > channels;
  const std::uint32_t words = cuts ? channels : job.run_words;
  const std::uint64_t first = job.input_base + job.pair_distance();
  if (first + corner(job.positions, job.step) + corner(job.runs, job.run_pitch) + words > room) {
    return false;
  }
  if (job.loads()) {
    const std::uint64_t row = job.load_shape.x * job.load_words;
    const std::uint64_t rows = job.load_base + job.load_head;
    const std::uint64_t last = rows + std::uint64_t{job.load_shape.y - 1} * job.load_pitch_y;
    if (last + row > room) return false;
    const bool fills = job.has(engine::kControlFill);
    if (fills && last + job.load_pitch_y + job.load_tail > room) return false;
  }
  return !job.has(engine::kControlStoreBuffer) ||
         job.store_base + corner(stored_rows(job), job.store_pitch) +
                 job.stored_words(geometry.array_size) <=
             room;
}

/// Whether rows of columns of words are within memory; pitches in bytes.
bool contains_map(const Memory& memory, std::uint32_t address, Pair shape, Pair pitch,
                  std::uint32_t words) {
  return contains(memory, address, corner(shape, pitch) + words * kWordBytes, kWordBytes);
}

bool has_good_addresses(const Engine& engine, const Job& job) {
  const engine::Descriptor& fields = job.fields;
  const std::uint32_t size = engine.geometry.array_size;
  const Memory& memory = engine.memory;
  const std::uint32_t stored = job.stored_words(size);
  const Pair source_pitch{fields.source_pitch_x, fields.source_pitch_y};
  const Pair pitch{fields.destination_pitch_x, fields.destination_pitch_y};
  bool good = true;
  if (job.has_weights()) {
    const std::uint64_t slices = slice_count(job, size);
    const std::uint64_t bytes = slice_bytes(job, size);
    // Products of larger values might not fit in 64 bits.
    good &= slices <= memory.bytes && contains(memory, fields.weights, slices * bytes, kLineBytes);
  }
  if (job.has(engine::kControlLoad)) {
    good &= contains_map(memory, fields.source, job.load_shape, source_pitch, job.load_words);
  }
  if (job.stores()) {
    const std::uint64_t words =
        std::uint64_t{job.tiles - 1} * size + parameter_words(job, job.tiles - 1, size);
    const std::uint64_t all = leading_words(job) + parameter_arrays(job) * words;
    good &= contains(memory, fields.parameters, all * kWordBytes, kWordBytes);
  }
  if (job.has(engine::kControlStoreMemory)) {
    good &= contains_map(memory, fields.destination, stored_rows(job), pitch, stored);
  }
  if (job.loads_table()) {
    good &= contains(memory, fields.coefficients, table_bytes(job), kLineBytes);
  }
  if (job.reads_operand()) {
    good &= contains_map(memory, fields.residual, stored_rows(job), pitch, stored);
  }
  if (fields.profile != 0) {
    good &= contains(memory, fields.profile, sizeof(engine::Profile), kLineBytes);
  }
  return good;
}

}  // namespace

bool contains(const Memory& memory, std::uint32_t address, std::uint64_t bytes,
              std::uint32_t alignment) {
  return address % alignment == 0 && address >= memory.base &&
         address - memory.base + bytes <= memory.bytes;
}

std::uint64_t slice_count(const Job& job, std::uint32_t size) {
  const std::uint32_t width = job.width(size);
  if (job.has(engine::kControlSpan)) return divide_up(job.run_words * job.runs.y, width);
  if (job.has_kernel()) {
    return divide_up(job.runs.y, kernel_rows(size)) * divide_up(job.runs.x, kKernelColumns);
  }
  const std::uint64_t runs = std::uint64_t{job.runs.x} * job.runs.y;
  return job.operation == Operation::kMatmul ? runs * divide_up(job.run_words, width) : runs;
}

std::uint32_t tile_bytes(const Job& job, std::uint32_t size) {
  const bool has_tiles = job.operation == Operation::kMatmul || job.has_kernel();
  return weight_bytes(job, has_tiles ? size * size : size);
}

std::uint32_t slice_bytes(const Job& job, std::uint32_t size) {
  const std::uint32_t whole = tile_bytes(job, size);
  const bool has_tiles = job.operation == Operation::kMatmul || job.has_kernel();
  const std::uint32_t last =
      has_tiles ? weight_bytes(job, job.columns(job.tiles - 1, size) * size) : whole;
  return (job.tiles - 1) * whole + last;
}

engine::Error check(const Engine& engine, const Job& job) {
  const Geometry& geometry = engine.geometry;
  if (is_unknown(job, geometry)) return Error::kBadOperation;
  if (has_zero(job)) return Error::kZeroDimension;
  if (breaks_kernel(job, geometry)) return Error::kBadOperation;
  if (breaks_span(job, geometry.array_size) || breaks_window(job)) return Error::kBadOperation;
  if (is_misaligned(job)) return Error::kBadAddress;
  if (breaks_gap(job)) return Error::kBadOperation;
  if (breaks_steps(job, geometry)) return Error::kBadOperation;
  if (breaks_pair_pitch(job)) return Error::kBadAddress;
  if (!fits_buffer(job, geometry)) return Error::kBufferOverflow;
  const std::uint64_t entries = std::uint64_t{job.tiles} * job.entries();
  if (job.accumulator + entries > geometry.accumulator_depth) return Error::kAccumulatorOverflow;
  return has_good_addresses(engine, job) ? Error::kNone : Error::kBadAddress;
}

}  // namespace heepstor::software
