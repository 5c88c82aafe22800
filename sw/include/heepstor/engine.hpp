// The tensor engine: building descriptors and running chains of them.
//
// A chain runs on the hardware or, if the firmware is built with HEEPSTOR_OPERATORS_SOFTWARE, on
// the CPU, with the same results bit for bit.
#pragma once

#include <cstdint>
#include <limits>

#include "heepstor/assert.hpp"
#include "heepstor/bits.hpp"
#include "heepstor/chain.hpp"
#include "heepstor_config.hpp"
#include "heepstor_descriptor.hpp"

namespace heepstor::engine {

/// A 32-bit address of the SoC, from a number or any pointer.
struct Address {
  std::uint32_t value;

  // Implicit on purpose: tables of descriptors contain both arrays and numbers.
  constexpr Address(std::uint32_t number) : value(number) {}
  // The compiler folds the cast to a link-time constant in a table's initialiser.
  constexpr Address(const void* pointer)
      : value(pointer == nullptr
                  ? 0
                  : static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer))) {}
};

/// Numbers of rows and columns.
struct Shape {
  std::uint32_t rows;
  std::uint32_t columns;
};

/// Distances between rows, and between neighbours in a row.
struct Pitch {
  std::uint32_t row;
  std::uint32_t column;
};

/// Layout of activations in the buffer, in words: `head` words, the rows, `pitch` words apart, and
/// `tail` words. fill() writes head, tail, and the gap between the end of a row and its pitch.
struct Place {
  std::uint32_t base;
  std::uint32_t pitch;
  std::uint32_t head = 0;
  std::uint32_t tail = 0;
};

/// What the numbers of a table mean: it has a function of values below 2^reach in magnitude, with
/// results of so many bits behind the binary point.
struct TableFormat {
  std::uint32_t reach;
  std::uint32_t fraction;
};

/// Builds a descriptor, made by matmul(), depthwise(), sum() or max().
///
/// All parts are optional: without load() the job works on what is already in the buffer, without
/// first() it adds to the accumulators, without store_...() the results stay there.
/// Rows always come first, as in (rows, columns, channels).
class Job {
 public:
  /// outputs: channels that the job computes.
  constexpr Job(Operation operation, std::uint32_t outputs) {
    descriptor_.control = static_cast<std::uint32_t>(operation);
    descriptor_.tiles = half((outputs + config::kArraySize - 1) / config::kArraySize);
    descriptor_.channels = half(outputs);
    descriptor_.runs_x = 1;
    descriptor_.window_columns = 1;
    descriptor_.window_rows = 1;
  }

  /// What load() and fill() write to the buffer: rows of columns of `words` channels.
  constexpr Job& activations(Shape shape, std::uint32_t words, Place place) {
    descriptor_.load_columns = half(shape.columns);
    descriptor_.load_rows = half(shape.rows);
    descriptor_.load_words = half(words);
    descriptor_.load_pitch_y = half(place.pitch);
    descriptor_.load_base = half(place.base);
    descriptor_.load_head = half(place.head);
    descriptor_.load_tail = half(place.tail);
    return *this;
  }

  /// Fetches the activations; `pitch`: bytes between rows and between columns.
  constexpr Job& load(Address source, Pitch bytes) {
    descriptor_.control |= kControlLoad;
    descriptor_.source = source.value;
    descriptor_.source_pitch_x = bytes.column;
    descriptor_.source_pitch_y = bytes.row;
    return *this;
  }

  /// Writes a value around the rows of the activations: padding.
  constexpr Job& fill(float value = 0.0f) {
    descriptor_.control |= kControlFill;
    descriptor_.fill_value = to_bits(value);
    return *this;
  }

  /// The same for INT8 activations, with a value of each of a word's four.
  constexpr Job& fill_integers(std::int8_t value) {
    descriptor_.control |= kControlFill;
    descriptor_.fill_value = 0x01010101u * byte(value);
    return *this;
  }

  /// Word of the buffer that the first position reads first, and words between positions.
  constexpr Job& input(std::uint32_t base, Pitch step) {
    descriptor_.input_base = half(base);
    descriptor_.step_x = half(step.column);
    descriptor_.step_y = half(step.row);
    return *this;
  }

  /// Output positions before pooling, and the accumulator entry of the first one.
  constexpr Job& positions(Shape shape, std::uint32_t accumulator = 0) {
    descriptor_.position_columns = half(shape.columns);
    descriptor_.position_rows = half(shape.rows);
    descriptor_.accumulator = half(accumulator);
    return *this;
  }

  /// Words that a position reads: runs of `words`, `pitch` words apart. A slice ends with its run.
  constexpr Job& runs(std::uint32_t words, Shape runs = {1, 1}, Pitch pitch = {0, 0}) {
    descriptor_.run_words = half(words);
    descriptor_.runs_x = half(runs.columns);
    descriptor_.runs_y = half(runs.rows);
    descriptor_.run_pitch_x = half(pitch.column);
    descriptor_.run_pitch_y = half(pitch.row);
    return *this;
  }

  /// The same, with slices that continue from run to run (spans).
  constexpr Job& span(std::uint32_t words, std::uint32_t count, std::uint32_t pitch) {
    descriptor_.control |= kControlSpan;
    return runs(words, {count, 1}, {pitch, 0});
  }

  /// Weight stream, 16-byte aligned.
  constexpr Job& weights(Address stream) {
    descriptor_.weights = stream.value;
    return *this;
  }

  /// The first slice overwrites the accumulators.
  constexpr Job& first() {
    descriptor_.control |= kControlFirst;
    return *this;
  }

  /// Scales and biases of the results.
  constexpr Job& parameters(Address block) {
    descriptor_.parameters = block.value;
    return *this;
  }

  /// Scales alone, for example results of an earlier job; nothing is added.
  constexpr Job& scales(Address block) {
    descriptor_.control |= kControlScalesOnly;
    return parameters(block);
  }

  /// Stores to memory; `pitch`: bytes between stored positions.
  constexpr Job& store_to_memory(Address destination, Pitch bytes) {
    descriptor_.control |= kControlStoreMemory;
    descriptor_.destination = destination.value;
    return store_pitch(bytes);
  }

  /// Stores to the buffer; `pitch`: words between stored positions.
  constexpr Job& store_to_buffer(std::uint32_t base, Pitch words) {
    descriptor_.control |= kControlStoreBuffer;
    descriptor_.store_base = half(base);
    descriptor_.store_pitch_x = half(words.column);
    descriptor_.store_pitch_y = half(words.row);
    return *this;
  }

  /// Adds an operand of the results' shape before slope and clamp. If the job stores to memory, the
  /// operand has the pitch of store_to_memory().
  constexpr Job& residual(Address operand, Pitch bytes) {
    descriptor_.control |= kControlAddResidual;
    descriptor_.residual = operand.value;
    return store_pitch(bytes);
  }

  /// Multiplies the results by an operand of their shape, which is not added.
  constexpr Job& multiply(Address operand, Pitch bytes) {
    descriptor_.control |= static_cast<std::uint32_t>(Factor::kOperand) << kControlFactorShift;
    descriptor_.residual = operand.value;
    return store_pitch(bytes);
  }

  /// Makes the results a function by the table that was loaded last.
  constexpr Job& function(TableFormat format) {
    HEEPSTOR_ASSERT(format.reach <= 15 && format.fraction <= 31, "a table's format has 9 bits");
    descriptor_.control |= kControlApplyTable;
    descriptor_.table_format |= format.reach << kTableFormatTableReachShift |
                                format.fraction << kTableFormatTableFractionShift;
    return *this;
  }

  /// The same, times the value that it is a function of.
  constexpr Job& gate(TableFormat format) {
    descriptor_.control |= static_cast<std::uint32_t>(Factor::kValue) << kControlFactorShift;
    return function(format);
  }

  /// Loads a table before results are stored, 16-byte aligned: kSegments entries, or the 256 bytes
  /// of bytes().
  constexpr Job& table(Address coefficients) {
    descriptor_.control |= kControlLoadTable;
    descriptor_.coefficients = coefficients.value;
    return *this;
  }

  /// Stores the largest value of each window; incomplete windows at the edges are dropped.
  constexpr Job& window(Shape shape) {
    HEEPSTOR_ASSERT(shape.rows <= 0xFF && shape.columns <= 0xFF, "a window has at most 255 rows");
    descriptor_.window_columns = static_cast<std::uint8_t>(shape.columns);
    descriptor_.window_rows = static_cast<std::uint8_t>(shape.rows);
    return *this;
  }

  /// Makes activations and results INT8: results have this zero point, and are limited to
  /// low .. high.
  constexpr Job& integers(std::int8_t zero_point, std::int8_t low, std::int8_t high) {
    descriptor_.control |= kControlInt8;
    descriptor_.zero_point = zero_point;
    descriptor_.table_format &= ~(kTableFormatIntegerLow | kTableFormatIntegerHigh);
    descriptor_.table_format |= byte(low) << kTableFormatIntegerLowShift;
    descriptor_.table_format |= byte(high) << kTableFormatIntegerHighShift;
    return *this;
  }

  /// Makes the weight stream one of INT4, two in each byte; also with FP32 activations.
  constexpr Job& int4_weights() {
    descriptor_.control |= kControlInt4Weights;
    return *this;
  }

  /// Computes two positions at a time, of which the second one is stored so many rows further.
  constexpr Job& pairs(std::uint32_t rows) {
    descriptor_.pair_rows = half(rows);
    return *this;
  }

  /// Columns of INT8 activations between the outputs of a depthwise job.
  constexpr Job& columns(std::uint32_t stride) {
    HEEPSTOR_ASSERT(stride <= 0xFF, "a stride has 8 bits");
    descriptor_.column_stride = static_cast<std::uint8_t>(stride);
    return *this;
  }

  /// Rounds INT8 results as FP32 numbers, with ties to even ones.
  constexpr Job& ties_even() {
    descriptor_.control |= kControlTiesEven;
    return *this;
  }

  /// Makes INT8 results those of a table of 256 bytes, which was loaded last.
  constexpr Job& bytes() {
    descriptor_.control |= kControlApplyTable;
    return *this;
  }

  /// Multiplies negative results.
  constexpr Job& slope(float factor) {
    descriptor_.slope = to_bits(factor);
    return *this;
  }

  /// Limits the results to low .. high; NaN stays NaN.
  constexpr Job& clamp(float low, float high) {
    descriptor_.clamp_low = to_bits(low);
    descriptor_.clamp_high = to_bits(high);
    return *this;
  }

  constexpr Job& relu() { return clamp(0.0f, std::numeric_limits<float>::infinity()); }

  /// Waits for earlier jobs before loading and computing.
  constexpr Job& fence(Fence fence) {
    descriptor_.control |= static_cast<std::uint32_t>(fence) << kControlFenceShift;
    return *this;
  }

  /// Address to which the counters are written at completion.
  constexpr Job& profile(Address counters) {
    descriptor_.profile = counters.value;
    return *this;
  }

  constexpr Job& next(Address descriptor) {
    descriptor_.next = descriptor.value;
    return *this;
  }

  constexpr operator Descriptor() const {
    Descriptor result = descriptor_;
    result.store_columns = half(result.position_columns / result.window_columns);
    result.store_rows = half(result.position_rows / result.window_rows);
    return result;
  }

 private:
  static constexpr std::uint16_t half(std::uint32_t value) {
    HEEPSTOR_ASSERT(value <= 0xFFFF, "a descriptor's field has 16 bits");
    return static_cast<std::uint16_t>(value);
  }

  static constexpr std::uint32_t byte(std::int8_t value) {
    return static_cast<std::uint8_t>(value);
  }

  constexpr Job& store_pitch(Pitch bytes) {
    descriptor_.destination_pitch_x = bytes.column;
    descriptor_.destination_pitch_y = bytes.row;
    return *this;
  }

  Descriptor descriptor_;
};

/// Runs of words times weights: convolution and linear layers; `outputs` channels.
constexpr Job matmul(std::uint32_t outputs) { return Job(Operation::kMatmul, outputs); }

/// Each of `channels` times its own weights: depthwise convolution.
constexpr Job depthwise(std::uint32_t channels) { return Job(Operation::kDepthwise, channels); }

/// The sum of the runs' words in each of `channels`: average pooling, element-wise layers.
constexpr Job sum(std::uint32_t channels) { return Job(Operation::kSum, channels); }

/// The largest of the runs' words in each of `channels`: max-pooling with any window.
constexpr Job max(std::uint32_t channels) { return Job(Operation::kMax, channels); }

/// Changes the address from which a descriptor loads its activations.
inline void set_source(Descriptor& descriptor, Address source) { descriptor.source = source.value; }

/// Changes the address to which a descriptor stores its results.
inline void set_destination(Descriptor& descriptor, Address destination) {
  HEEPSTOR_ASSERT(destination.value % sizeof(float) == 0, "results must be aligned to a word");
  descriptor.destination = destination.value;
}

/// Changes the address of a descriptor's residual operand.
inline void set_residual(Descriptor& descriptor, Address operand) {
  descriptor.residual = operand.value;
}

/// Changes the address of a descriptor's scales.
inline void set_parameters(Descriptor& descriptor, Address block) {
  descriptor.parameters = block.value;
}

/// A chain that is still running after this many cycles is stopped with Error::kTimeLimit: 4
/// seconds, or as long as the engine can count. The largest networks that fit take a fraction of a
/// second.
inline constexpr std::uint32_t kTimeLimitCycles =
    config::kClockHz < 1'000'000'000 ? 4 * config::kClockHz : 4'000'000'000;

/// Ends the program with a message if the engine differs from the one that this firmware was built
/// for; sets the time limit.
void check_hardware();

/// Runs the chain that begins at `first`; the CPU sleeps until it ends.
Result run(const Descriptor* first);

/// An error's description.
const char* reason(Error error);

/// Prints why and where a chain was stopped; prints nothing if it was not.
void report(const Result& result);

}  // namespace heepstor::engine
