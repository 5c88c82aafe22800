#include "heepstor/software_engine.hpp"

#include "heepstor/bits.hpp"
#include "heepstor/cycles.hpp"
#include "slice.hpp"

namespace heepstor::software {
namespace {

using engine::Descriptor;
using engine::Error;

constexpr std::uint32_t kWordBytes = sizeof(float);
constexpr std::uint32_t kLineBytes = 16;
constexpr std::uint32_t kLastIndex = 65535;

/// Every NaN that the engine makes is this one; RISC-V's FPU makes no other.
float canonical(float value) {
#ifdef __riscv
  return value;
#else
  return is_nan(value) ? to_float(kCanonicalNanBits) : value;
#endif
}

float add(float left, float right) { return canonical(left + right); }
float multiply(float left, float right) { return canonical(left * right); }

float clamp(float value, float low, float high) {
  if (value < low) value = low;
  return value > high ? high : value;
}

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

}  // namespace

/// A descriptor's fields taken apart.
struct Engine::Job {
  explicit Job(const Descriptor& descriptor)
      : fields(descriptor),
        rows(descriptor.shape & 0xFFFF),
        words(descriptor.shape >> 16),
        buffer_base(descriptor.buffer & 0xFFFF),
        buffer_pitch(descriptor.buffer >> 16),
        tiles(descriptor.tiles & 0xFFFF),
        accumulator(descriptor.tiles >> 16),
        columns(descriptor.columns & 0xFFFF) {}

  bool has(std::uint32_t control_bit) const { return (fields.control & control_bit) != 0; }

  const Descriptor& fields;
  std::uint32_t rows;
  std::uint32_t words;
  std::uint32_t buffer_base;
  std::uint32_t buffer_pitch;
  std::uint32_t tiles;
  std::uint32_t accumulator;
  std::uint32_t columns;
};

Engine::Engine(const Memory& memory, const Geometry& geometry, float* buffer, float* accumulators)
    : memory_(memory), geometry_(geometry), buffer_(buffer), accumulators_(accumulators) {}

template <class T>
T* Engine::pointer(std::uint32_t address) const {
  return reinterpret_cast<T*>(memory_.data + (address - memory_.base));
}

bool Engine::contains(std::uint32_t address, std::uint64_t bytes, std::uint32_t alignment) const {
  return address % alignment == 0 && address >= memory_.base &&
         address - memory_.base + bytes <= memory_.bytes;
}

bool Engine::contains_rows(std::uint32_t address, std::uint32_t pitch, std::uint32_t rows,
                           std::uint32_t words) const {
  const std::uint64_t last_row = std::uint64_t{rows - 1} * pitch;
  return pitch % kWordBytes == 0 && contains(address, last_row + words * kWordBytes, kWordBytes);
}

engine::Result Engine::run(std::uint32_t first) {
  const std::uint32_t start = cycles();
  std::uint32_t address = first;
  for (std::uint32_t index = 0;; ++index) {
    const auto stopped = [&](Error error) { return engine::Result{error, index, address}; };
    if (!contains(address, sizeof(Descriptor), engine::kDescriptorAlignment)) {
      return stopped(Error::kBadDescriptor);
    }
    const Job job(*pointer<const Descriptor>(address));
    const Error error = check(job);
    if (error != Error::kNone) return stopped(error);
    if (index == kLastIndex && job.fields.next != 0) return stopped(Error::kChainTooLong);
    if (job.has(engine::kControlLoad)) load(job);
    compute(job);
    if (job.has(engine::kControlStore)) store(job);
    write_profile(job, start);
    if (job.fields.next == 0) return {};
    address = job.fields.next;
  }
}

engine::Error Engine::check(const Job& job) const {
  const std::uint32_t operation = job.fields.control & 0xFF;
  const bool reserved = job.has(engine::kControlReserved) || job.fields.columns >> 16 != 0 ||
                        job.fields.reserved != 0;
  if (operation != engine::kOperationMatmul || reserved) {
    return Error::kUnknownOperation;
  }
  if (job.rows == 0 || job.words == 0 || job.tiles == 0 || job.columns == 0) {
    return Error::kZeroDimension;
  }
  const std::uint64_t buffer_end =
      job.buffer_base + std::uint64_t{job.rows - 1} * job.buffer_pitch + job.words;
  if (buffer_end > geometry_.buffer_words) return Error::kBufferOverflow;
  const std::uint64_t accumulator_end = job.accumulator + std::uint64_t{job.tiles} * job.rows;
  if (accumulator_end > geometry_.accumulator_depth) return Error::kAccumulatorOverflow;
  return check_addresses(job);
}

engine::Error Engine::check_addresses(const Job& job) const {
  const Descriptor& fields = job.fields;
  const std::uint32_t size = geometry_.array_size;
  const std::uint32_t slices = (job.words + size - 1) / size;
  const std::uint64_t stream = std::uint64_t{slices} * job.tiles * size * size;
  bool good = contains(fields.weights, stream, kLineBytes);
  if (job.has(engine::kControlLoad)) {
    good = good && contains_rows(fields.source, fields.source_pitch, job.rows, job.words);
  }
  if (job.has(engine::kControlStore)) {
    const std::uint64_t parameters = std::uint64_t{job.tiles} * size * 2 * kWordBytes;
    good = good && contains(fields.parameters, parameters, kWordBytes) &&
           contains_rows(fields.destination, fields.destination_pitch, job.rows, job.columns);
  }
  if (fields.profile != 0) {
    good = good && contains(fields.profile, sizeof(engine::Profile), kLineBytes);
  }
  return good ? Error::kNone : Error::kBadAddress;
}

void Engine::load(const Job& job) {
  for (std::uint32_t row = 0; row < job.rows; ++row) {
    const auto* from = pointer<const float>(job.fields.source + row * job.fields.source_pitch);
    float* to = buffer_ + job.buffer_base + row * job.buffer_pitch;
    for (std::uint32_t word = 0; word < job.words; ++word) to[word] = from[word];
  }
}

void Engine::compute(const Job& job) {
  const std::uint32_t size = geometry_.array_size;
  const std::uint32_t slices = (job.words + size - 1) / size;
  for (std::uint32_t slice = 0; slice < slices; ++slice) {
    for (std::uint32_t row = 0; row < job.rows; ++row) compute_row(job, slice, row);
  }
}

void Engine::compute_row(const Job& job, std::uint32_t slice, std::uint32_t row) {
  const std::uint32_t size = geometry_.array_size;
  const std::uint32_t done = slice * size;
  const std::uint32_t lanes = job.words - done < size ? job.words - done : size;
  const bool overwrite = slice == 0 && job.has(engine::kControlFirst);
  AlignedSlice activations;
  align(buffer_ + job.buffer_base + row * job.buffer_pitch + done, lanes, activations);
  const auto* weights =
      pointer<const std::int8_t>(job.fields.weights) + slice * job.tiles * size * size;
  float* sums = accumulators_ + (job.accumulator + row) * size;
  for (std::uint32_t tile = 0; tile < job.tiles; ++tile) {
    for (std::uint32_t column = 0; column < size; column += 4) {
      FourColumns dots;
      if (!activations.invalid) dots.accumulate(activations, lanes, weights + column, size);
      for (std::uint32_t i = 0; i < 4; ++i) {
        const float part = activations.invalid
                               ? to_float(kCanonicalNanBits)
                               : normalize(dots.high[i], dots.low[i], activations.exponent);
        float& sum = sums[column + i];
        sum = overwrite ? part : add(sum, part);
      }
    }
    weights += size * size;
    sums += job.rows * size;
  }
}

void Engine::store(const Job& job) const {
  const std::uint32_t size = geometry_.array_size;
  const float low = to_float(job.fields.clamp_low);
  const float high = to_float(job.fields.clamp_high);
  const auto* parameters = pointer<const float>(job.fields.parameters);
  for (std::uint32_t column = 0; column < job.columns; ++column) {
    const std::uint32_t tile = column / size;
    const std::uint32_t lane = column % size;
    const float scale = parameters[2 * tile * size + lane];
    const float bias = parameters[(2 * tile + 1) * size + lane];
    const float* sums = accumulators_ + (job.accumulator + tile * job.rows) * size + lane;
    for (std::uint32_t row = 0; row < job.rows; ++row) {
      auto* out = pointer<float>(job.fields.destination + row * job.fields.destination_pitch);
      out[column] = clamp(add(multiply(sums[row * size], scale), bias), low, high);
    }
  }
}

void Engine::write_profile(const Job& job, std::uint32_t start) const {
  if (job.fields.profile == 0) return;
  engine::Profile counters;
  counters.cycles = cycles() - start;
  counters.busy = counters.cycles;
  *pointer<engine::Profile>(job.fields.profile) = counters;
}

}  // namespace heepstor::software
