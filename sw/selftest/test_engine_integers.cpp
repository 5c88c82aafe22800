// The engine's results of INT8 jobs and INT4 weights, compared with the same descriptors run on the
// CPU.

#include "cpu_engine.hpp"
#include "heepstor/engine.hpp"
#include "selftest.hpp"

namespace selftest {
namespace {

namespace config = heepstor::config;
namespace engine = heepstor::engine;
namespace software = heepstor::software;

// Neighbouring descriptors use different halves, so that they overlap without fences.
constexpr std::uint32_t kHalfBuffer = kGeometry.buffer_words / 2;
constexpr std::uint32_t kHalfAccumulators = kGeometry.accumulator_depth / 2;
constexpr std::uint32_t kSize = config::kArraySize;
constexpr std::uint32_t kWordBytes = 4;
constexpr std::uint32_t kLineWords = 4;
constexpr std::uint32_t kRows = 4;
constexpr std::uint32_t kMostColumns = 4;
constexpr std::uint32_t kMostWords = 8;
constexpr std::uint32_t kMostOutputs = 16;
constexpr std::uint32_t kTaps = 3;  // of a depthwise kernel, in a row and in a column
constexpr std::uint32_t kWeightWords = 512;
constexpr std::uint32_t kOutputs = kRows * kMostColumns * kMostOutputs / kWordBytes;

/// What a chain reads: the same for both executions.
struct Inputs {
  alignas(16) std::uint32_t activations[kRows * kMostColumns];
  alignas(16) std::uint32_t weights[kWeightWords];
  alignas(16) std::int8_t kernel[kTaps * kWordBytes * kSize];
  alignas(16) std::uint32_t sum[4][kLineWords];  // before the parameters
  alignas(16) std::uint32_t parameters[3 * (kMostOutputs + kSize)];
  alignas(16) std::uint32_t kernel_parameters[3 * kLineWords];
  alignas(16) std::uint32_t table[software::kByteTableBytes / kWordBytes];
};

/// What a chain writes, and its descriptors.
struct Execution {
  static constexpr std::uint32_t kJobs = 5;

  engine::Descriptor chain[kJobs];
  std::uint32_t outputs[kJobs][kOutputs] = {};
};

/// Random shapes for a chain: a feature map, and its layers' outputs.
struct Shape {
  std::uint32_t columns;
  std::uint32_t channels;
  std::uint32_t hidden;
  std::uint32_t stride;
  engine::Operation by_channel;
  std::uint32_t words;
};

Inputs inputs;
Execution on_engine;
Execution on_cpu;

/// Words between rows, at least so many: two rows of a pair or a kernel begin in groups of banks.
constexpr std::uint32_t row_pitch(std::uint32_t words) {
  std::uint32_t banks = 4;
  while (banks < kSize) banks *= 2;
  std::uint32_t pitch = banks / 4;
  while (pitch < words) pitch += banks;
  return pitch;
}

constexpr std::uint32_t words_of(std::uint32_t channels) {
  return (channels + kWordBytes - 1) / kWordBytes;
}

Shape random_shape(Random& random) {
  Shape shape{};
  shape.columns = 2 + random.below(kMostColumns - 1);
  shape.channels = 1 + random.below(kWordBytes);
  // Two rows of positions of up to kMostWords words.
  const std::uint32_t most = kHalfAccumulators / (2 * shape.columns) * kSize;
  const std::uint32_t fitting = kMostWords / shape.columns * kWordBytes;
  shape.hidden = 1 + random.below(most < fitting ? most : fitting);
  shape.stride = 1 + random.below(2);
  shape.by_channel = random.below(2) == 0 ? engine::Operation::kSum : engine::Operation::kMax;
  shape.words = 1 + random.below(kMostWords);
  return shape;
}

/// Parameters for so many channels, with which few results are limited.
void randomize_parameters(Random& random, std::uint32_t channels, std::uint32_t* word) {
  for (std::uint32_t first = 0; first < channels; first += kSize) {
    const std::uint32_t columns = channels - first < kSize ? channels - first : kSize;
    const std::uint32_t words = words_of(columns) * kLineWords;
    for (std::uint32_t i = 0; i < words; ++i) {
      word[i] = (1u << 31 | random.next() >> 1) >> random.below(5);
      word[words + i] = 1u << 30 | ((random.below(4096) - 2048) & 0x3FFFFFFF);  // 2^37
      word[2 * words + i] = random.next();
    }
    word += 3 * words;
  }
}

/// Taps that do not exist have no weights: array row 3 * y + x of a slice has that of (y, x).
void randomize_kernel(Random& random, std::uint32_t channels) {
  const std::uint32_t rows = kSize < 9 ? kSize / 4 : 3;
  std::int8_t* weight = inputs.kernel;
  for (std::uint32_t first = 0; first < kTaps; first += rows) {
    for (std::uint32_t channel = 0; channel < channels; ++channel) {
      for (std::uint32_t row = 0; row < kSize; ++row) {
        const bool exists = row < rows * kTaps && first + row / kTaps < kTaps;
        *weight++ = static_cast<std::int8_t>(exists ? random.next() : 0);
      }
    }
    while ((weight - inputs.kernel) % 16 != 0) *weight++ = 0;
  }
}

void randomize(Random& random, const Shape& shape) {
  for (std::uint32_t& word : inputs.activations) word = random.next();
  for (std::uint32_t& word : inputs.weights) word = random.next();
  for (std::uint32_t& word : inputs.table) word = random.next();
  randomize_kernel(random, shape.channels);
  // By 2^22, as factors have 22 bits.
  const std::uint32_t sum[4] = {random.next() >> 10, random.next() >> 10, random.next(),
                                random.next()};
  for (std::uint32_t i = 0; i < 4; ++i) {
    for (std::uint32_t& word : inputs.sum[i]) word = sum[i];
  }
  randomize_parameters(random, shape.hidden, inputs.parameters);
  randomize_parameters(random, shape.channels, inputs.kernel_parameters);
}

/// Loads the feature map, with padding.
engine::Job with_map(engine::Job job, const Shape& shape, std::uint32_t base) {
  const std::uint32_t pitch = row_pitch(shape.columns + 2);
  return job.activations({kRows, shape.columns}, 1, {base, pitch, pitch + 1, pitch})
      .load(inputs.activations, {kMostColumns * kWordBytes, kWordBytes})
      .fill_integers(-7);
}

/// 3 x 3 convolution: rows of the upper half together with those of the lower half.
engine::Job convolution(const Shape& shape, Execution& execution) {
  const std::uint32_t pitch = row_pitch(shape.columns + 2);
  const std::uint32_t bytes = words_of(shape.hidden) * kWordBytes;
  return with_map(engine::matmul(shape.hidden).integers(-3, -128, 127), shape, 0)
      .pairs(kRows / 2)
      .input(0, {pitch, 1})
      .positions({kRows / 2, shape.columns})
      .runs(3, {3, 1}, {pitch, 0})
      .weights(inputs.weights)
      .first()
      .parameters(inputs.parameters)
      .store_to_memory(execution.outputs[0], {kMostWords * kWordBytes, bytes});
}

/// 3 x 3 depthwise kernels, and a function of their results.
engine::Job kernels(const Shape& shape, Execution& execution) {
  const std::uint32_t pitch = row_pitch(shape.columns + 2);
  const std::uint32_t columns = (shape.columns - 1) / shape.stride + 1;
  return with_map(engine::depthwise(shape.channels).integers(11, -128, 127), shape, kHalfBuffer)
      .columns(shape.stride)
      .ties_even()
      .input(kHalfBuffer, {pitch, shape.stride})
      .positions({2, columns}, kHalfAccumulators)
      .runs(1, {kTaps, kTaps}, {pitch, 1})
      .weights(inputs.kernel)
      .first()
      .parameters(inputs.kernel_parameters)
      .table(inputs.table)
      .bytes()
      .store_to_memory(execution.outputs[1], {kMostColumns * kWordBytes, kWordBytes});
}

/// Two rows of the convolution's results each, channel by channel, plus one of them.
engine::Job channels(const Shape& shape, Execution& execution) {
  const std::uint32_t words = words_of(shape.hidden);
  const std::uint32_t pitch = row_pitch(shape.columns * words);
  const engine::Pitch bytes{kMostWords * kWordBytes, words * kWordBytes};
  return engine::Job(shape.by_channel, shape.hidden)
      .integers(0, -20, 127)
      .pairs(2)
      .fence(engine::Fence::kAll)
      .activations({kRows, shape.columns}, words, {0, pitch})
      .load(execution.outputs[0], bytes)
      .input(0, {pitch, words})
      .positions({1, shape.columns})
      .runs(words, {2, 1}, {pitch, 0})
      .first()
      .parameters(inputs.sum)
      .residual(execution.outputs[0], bytes)
      .store_to_memory(execution.outputs[2], bytes);
}

/// Two rows of words times INT4 weights; of both kinds of numbers.
engine::Job linear(const Shape& shape, std::uint32_t base, std::uint32_t accumulator) {
  const std::uint32_t pitch = row_pitch(kMostWords);
  return engine::matmul(shape.hidden)
      .int4_weights()
      .activations({2, 1}, shape.words, {base, pitch})
      .load(inputs.activations, {kMostWords * kWordBytes, 0})
      .input(base, {pitch, 0})
      .positions({1, 1}, accumulator)
      .runs(shape.words)
      .weights(inputs.weights)
      .first()
      .parameters(inputs.parameters);
}

/// Every kind of INT8 job, and FP32 numbers behind them.
void build_chain(const Shape& shape, Execution& execution) {
  engine::Descriptor* chain = execution.chain;
  const engine::Pitch pitch{kMostOutputs * kWordBytes, 0};
  chain[0] = convolution(shape, execution).next(&chain[1]);
  chain[1] = kernels(shape, execution).next(&chain[2]);
  chain[2] = channels(shape, execution).next(&chain[3]);
  chain[3] = linear(shape, kHalfBuffer, kHalfAccumulators)
                 .integers(0, -128, 127)
                 .pairs(1)
                 .store_to_memory(execution.outputs[3], pitch)
                 .next(&chain[4]);
  chain[4] = linear(shape, 0, 0)
                 .fence(engine::Fence::kAllButLast)
                 .store_to_memory(execution.outputs[4], pitch);
  for (auto& outputs : execution.outputs) {
    for (std::uint32_t& word : outputs) word = 0;
  }
}

bool same_outputs() {
  for (std::uint32_t job = 0; job < Execution::kJobs; ++job) {
    for (std::uint32_t i = 0; i < kOutputs; ++i) {
      if (!equal("output", on_engine.outputs[job][i], on_cpu.outputs[job][i])) {
        heepstor::print("  job ", job, ", word ", i, "\n");
        return false;
      }
    }
  }
  return true;
}

}  // namespace

bool engine_equals_software_of_integers() {
  constexpr int kChains = 8;
  if (!config::kInt8) return true;
  Random random(21);
  for (int i = 0; i < kChains; ++i) {
    const Shape shape = random_shape(random);
    randomize(random, shape);
    build_chain(shape, on_engine);
    build_chain(shape, on_cpu);
    if (!succeeds(engine::run(on_engine.chain)) || !succeeds(run_on_cpu(on_cpu.chain)) ||
        !same_outputs()) {
      heepstor::print("  chain ", i, ": columns ", shape.columns, ", channels ", shape.channels,
                      ", hidden ", shape.hidden, ", stride ", shape.stride, ", operation ",
                      static_cast<std::uint32_t>(shape.by_channel), ", words ", shape.words, "\n");
      return false;
    }
  }
  return true;
}

}  // namespace selftest
