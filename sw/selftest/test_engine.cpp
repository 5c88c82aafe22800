// The engine's results, compared with embedded bits and with the same descriptors run on the CPU.

#include "cpu_engine.hpp"
#include "heepstor/bits.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/softmax.hpp"
#include "selftest.hpp"
#include "workspace.hpp"

namespace selftest {
namespace {

namespace config = heepstor::config;
namespace engine = heepstor::engine;

Workspace workspace;

// Shapes fit twice into the smallest engine that can be configured: neighbouring descriptors use
// different halves, so that they overlap without fences.
constexpr std::uint32_t kHalfBuffer = kGeometry.buffer_words / 2;
constexpr std::uint32_t kHalfAccumulators = kGeometry.accumulator_depth / 2;
constexpr std::uint32_t kMostColumns = 16;
constexpr std::uint32_t kMostWords = 31;
constexpr std::uint32_t kWordBytes = sizeof(float);
// The largest values of the layers below.
constexpr std::uint32_t kWeightBytes = 6 * config::kArraySize * config::kArraySize + 1024;
constexpr std::uint32_t kParameters = 2 * (kMostColumns + config::kArraySize);
constexpr std::uint32_t kInputs = 4 * kMostWords;
constexpr std::uint32_t kOutputs = kHalfAccumulators * kMostColumns;

/// What a chain reads: the same for both executions.
struct Inputs {
  alignas(16) std::uint32_t activations[kInputs];
  alignas(16) std::uint32_t weights[kWeightBytes / sizeof(std::uint32_t)];
  alignas(16) std::uint32_t parameters[kParameters];
};

/// What a chain writes, and its descriptors.
struct Execution {
  static constexpr std::uint32_t kJobs = 6;
  static constexpr std::uint32_t kLayers = 5;

  engine::Descriptor chain[kJobs];
  std::uint32_t outputs[kLayers][kOutputs] = {};
};

/// Random shapes for a chain: a feature map, and its layers' outputs.
struct Shape {
  std::uint32_t rows;
  std::uint32_t columns;
  std::uint32_t channels;
  std::uint32_t hidden;
  engine::Operation by_channel;
  std::uint32_t words;
};

Inputs inputs;
Execution on_engine;
Execution on_cpu;

/// Mostly ordinary numbers with similar exponents, sometimes arbitrary bits.
std::uint32_t random_float(Random& random) {
  constexpr std::uint32_t kAnythingOnceIn = 64;
  const std::uint32_t bits = random.next();
  if (random.below(kAnythingOnceIn) == 0) return bits;
  return (bits & 0x807FFFFF) | (110 + random.below(25)) << 23;
}

void randomize(Random& random) {
  for (std::uint32_t& word : inputs.activations) word = random_float(random);
  for (std::uint32_t& word : inputs.weights) word = random.next();
  for (std::uint32_t& word : inputs.parameters) word = random_float(random);
}

/// Most output channels of a job with this many positions.
std::uint32_t most_columns(std::uint32_t positions) {
  const std::uint32_t columns = kHalfAccumulators / positions * config::kArraySize;
  return columns < kMostColumns ? columns : kMostColumns;
}

Shape random_shape(Random& random) {
  Shape shape{};
  shape.rows = 2 + random.below(3);
  shape.columns = kHalfAccumulators / shape.rows;
  shape.channels = 1 + random.below(3);
  shape.hidden = 1 + random.below(most_columns(shape.rows * shape.columns));
  shape.by_channel = static_cast<engine::Operation>(2 + random.below(3));
  shape.words = 2 + random.below(kMostWords - 1);
  return shape;
}

/// 3 x 3 convolution with padding; the result goes to memory and to the buffer's upper half.
engine::Job convolution(const Shape& shape, Execution& execution) {
  const std::uint32_t pitch = (shape.columns + 2) * shape.channels;
  const std::uint32_t row = shape.columns * shape.hidden;
  return engine::matmul(shape.hidden)
      .activations({shape.rows, shape.columns}, shape.channels,
                   {0, pitch, pitch + shape.channels, pitch})
      .load(inputs.activations,
            {shape.columns * shape.channels * kWordBytes, shape.channels * kWordBytes})
      .fill()
      .input(0, {pitch, shape.channels})
      .positions({shape.rows, shape.columns})
      .runs(3 * shape.channels, {3, 1}, {pitch, 0})
      .weights(inputs.weights)
      .first()
      .parameters(inputs.parameters)
      .store_to_memory(execution.outputs[0], {row * kWordBytes, shape.hidden * kWordBytes})
      .store_to_buffer(kHalfBuffer, {row, shape.hidden})
      .relu();
}

/// Pairs of rows that the convolution left in the buffer, channel by channel, plus its result in
/// memory.
engine::Job channels(const Shape& shape, Execution& execution) {
  const std::uint32_t row = shape.columns * shape.hidden;
  const engine::Pitch pitch{row * kWordBytes, shape.hidden * kWordBytes};
  return engine::Job(shape.by_channel, shape.hidden)
      .fence(engine::Fence::kAll)
      .input(kHalfBuffer, {row, shape.hidden})
      .positions({shape.rows - 1, shape.columns}, kHalfAccumulators)
      .runs(shape.hidden, {2, 1}, {row, 0})
      .weights(inputs.weights)
      .first()
      .parameters(inputs.parameters)
      .residual(execution.outputs[0], pitch)
      .store_to_memory(execution.outputs[1], pitch)
      .slope(0.125f);
}

/// 3 x 3 convolution of three rows, with slices that continue from row to row; max-pooling.
engine::Job spanning_convolution(const Shape& shape, Execution& execution) {
  constexpr std::uint32_t kColumns = 3;
  std::uint32_t banks = 4;
  while (banks < config::kArraySize) banks *= 2;
  const std::uint32_t run = 3 * shape.channels;
  const std::uint32_t wide = shape.channels == 1 ? 2 : 0;  // positions to the right of the first
  const std::uint32_t columns = kColumns + wide;
  const std::uint32_t pitch = run + (wide == 0 ? 0 : banks);
  return engine::matmul(shape.hidden < 4 ? shape.hidden : 4)
      .activations({3, columns}, shape.channels, {0, pitch})
      .load(inputs.activations,
            {columns * shape.channels * kWordBytes, shape.channels * kWordBytes})
      .fill(1.0f)
      .input(0, {0, shape.channels})
      .positions({1, 1 + wide})
      .span(run, 3, pitch)
      .weights(inputs.weights)
      .first()
      .parameters(inputs.parameters)
      .store_to_memory(execution.outputs[2], {kMostColumns * kWordBytes, kMostColumns * kWordBytes})
      .window({1, wide == 0 ? 1u : 2u})
      .clamp(-100.0f, 100.0f);
}

/// 3 x 3 max-pooling with padding.
engine::Job pooling(const Shape& shape, Execution& execution) {
  const std::uint32_t pitch = (shape.columns + 2) * shape.channels;
  const std::uint32_t row = shape.columns * shape.channels * kWordBytes;
  const std::uint32_t column = shape.channels * kWordBytes;
  return engine::max(shape.channels)
      .fence(engine::Fence::kAllButLast)
      .activations({shape.rows, shape.columns}, shape.channels,
                   {kHalfBuffer, pitch, pitch + shape.channels, pitch})
      .load(inputs.activations, {row, column})
      .fill(-__builtin_inff())
      .input(kHalfBuffer, {pitch, shape.channels})
      .positions({shape.rows, shape.columns}, kHalfAccumulators)
      .runs(shape.channels, {3, 3}, {pitch, shape.channels})
      .first()
      .parameters(inputs.parameters)
      .store_to_memory(execution.outputs[3], {row, column});
}

/// Rows of `words` activations from `word` on times weights: a part of a linear layer.
engine::Job linear(const Shape& shape, std::uint32_t word, std::uint32_t words,
                   std::uint32_t base) {
  const std::uint32_t rows = shape.rows;
  return engine::matmul(shape.hidden < config::kArraySize ? shape.hidden : config::kArraySize)
      .activations({rows, 1}, words, {base, words})
      .load(inputs.activations + word, {kMostWords * kWordBytes, 0})
      .input(base, {words, 0})
      .positions({rows, 1})
      .runs(words)
      .weights(inputs.weights);
}

/// Every operation, and a linear layer in two chunks.
void build_chain(const Shape& shape, Execution& execution) {
  engine::Descriptor* chain = execution.chain;
  const std::uint32_t chunk = shape.words / 2;
  chain[0] = convolution(shape, execution).next(&chain[1]);
  chain[1] = channels(shape, execution).next(&chain[2]);
  chain[2] = spanning_convolution(shape, execution).next(&chain[3]);
  chain[3] = pooling(shape, execution).next(&chain[4]);
  chain[4] = linear(shape, 0, chunk, 0).first().next(&chain[5]);
  chain[5] = linear(shape, chunk, shape.words - chunk, kHalfBuffer)
                 .parameters(inputs.parameters)
                 .store_to_memory(execution.outputs[4], {kMostColumns * kWordBytes, 0});
}

void clear(Execution& execution) {
  for (auto& outputs : execution.outputs) {
    for (std::uint32_t& word : outputs) word = 0;
  }
}

bool same_outputs() {
  for (std::uint32_t layer = 0; layer < Execution::kLayers; ++layer) {
    for (std::uint32_t i = 0; i < kOutputs; ++i) {
      if (!equal("output", on_engine.outputs[layer][i], on_cpu.outputs[layer][i])) {
        heepstor::print("  layer ", layer, ", word ", i, "\n");
        return false;
      }
    }
  }
  return true;
}

}  // namespace

bool softmax_bits() {
  constexpr std::uint32_t kCount = sizeof(kLogits) / sizeof(kLogits[0]);
  float values[kCount];
  for (std::uint32_t i = 0; i < kCount; ++i) values[i] = heepstor::to_float(kLogits[i]);
  heepstor::softmax(values, values, kCount);
  bool good = true;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    good &= equal("probability", heepstor::to_bits(values[i]), kProbabilities[i]);
  }
  return good;
}

bool engine_identifies() {
  engine::check_hardware();
  return true;
}

bool engine_known_bits() {
  bool good = true;
  for (const Product& product : kProducts) {
    const engine::Descriptor descriptor = prepare(product, workspace);
    good &= succeeds(engine::run(&descriptor)) && outputs_equal(product, workspace);
  }
  return good;
}

bool engine_equals_software() {
  constexpr int kChains = 8;
  Random random(20);
  for (int i = 0; i < kChains; ++i) {
    randomize(random);
    const Shape shape = random_shape(random);
    build_chain(shape, on_engine);
    build_chain(shape, on_cpu);
    clear(on_engine);
    clear(on_cpu);
    const bool good = succeeds(engine::run(on_engine.chain)) &&
                      succeeds(run_on_cpu(on_cpu.chain)) && same_outputs();
    if (!good) {
      heepstor::print("  chain ", i, ": rows ", shape.rows, ", columns ", shape.columns,
                      ", channels ", shape.channels, ", hidden ", shape.hidden, ", operation ",
                      static_cast<std::uint32_t>(shape.by_channel), ", words ", shape.words, "\n");
      return false;
    }
  }
  return true;
}

}  // namespace selftest
