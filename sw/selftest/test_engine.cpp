// The engine's results: against embedded bits, and against the CPU's own execution of descriptors.

#include "heepstor/bits.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/softmax.hpp"
#include "heepstor/software_engine.hpp"
#include "selftest.hpp"
#include "workspace.hpp"

namespace selftest {
namespace {

namespace config = heepstor::config;
namespace engine = heepstor::engine;
namespace software = heepstor::software;

Workspace workspace;

// Shapes fit the smallest engine that can be configured, twice: neighbouring descriptors use
// different halves, so that they overlap without fences.
constexpr software::Geometry kGeometry{config::kArraySize, 256, 16};
constexpr std::uint32_t kMaxRows = 4;
constexpr std::uint32_t kMaxWidth = 31;
constexpr std::uint32_t kHalfBuffer = kGeometry.buffer_words / 2;
constexpr std::uint32_t kHalfAccumulators = kGeometry.accumulator_depth / 2;
constexpr std::uint32_t kMaxColumns =
    2 * config::kArraySize < kMaxWidth ? 2 * config::kArraySize : kMaxWidth;
constexpr std::uint32_t kMaxTiles = (kMaxColumns + config::kArraySize - 1) / config::kArraySize;
constexpr std::uint32_t kMaxSlices = (kMaxWidth + config::kArraySize - 1) / config::kArraySize;
constexpr std::uint32_t kWeightBytes =
    kMaxSlices * kMaxTiles * config::kArraySize * config::kArraySize;
constexpr std::uint32_t kParameters = 2 * kMaxTiles * config::kArraySize;
constexpr std::uint32_t kPitch = 32 * sizeof(float);
constexpr std::uint32_t kDescriptors = 4;

/// What a chain reads: the same for both executions.
struct Inputs {
  alignas(16) std::uint32_t activations[kMaxRows * kPitch / sizeof(float)];
  alignas(16) std::uint32_t weights[kDescriptors][kWeightBytes / sizeof(std::uint32_t)];
  alignas(16) std::uint32_t parameters[kDescriptors][kParameters];
};

/// What a chain writes, and its descriptors.
struct Execution {
  engine::Descriptor chain[kDescriptors];
  std::uint32_t hidden[kMaxRows * kPitch / sizeof(float)];
  std::uint32_t outputs[2][kMaxRows * kPitch / sizeof(float)];
};

struct Shape {
  std::uint32_t rows;
  std::uint32_t words;
  std::uint32_t hidden;
  std::uint32_t columns;
};

Inputs inputs;
Execution on_engine;
Execution on_cpu;
float software_buffer[kGeometry.buffer_words];
float software_accumulators[kGeometry.accumulator_depth * config::kArraySize];

/// Mostly ordinary numbers of exponents near each other, sometimes any bits at all.
std::uint32_t random_float(Random& random) {
  constexpr std::uint32_t kAnythingOnceIn = 64;
  const std::uint32_t bits = random.next();
  if (random.below(kAnythingOnceIn) == 0) return bits;
  return (bits & 0x807FFFFF) | (110 + random.below(25)) << 23;
}

void randomize(Random& random) {
  for (std::uint32_t& word : inputs.activations) word = random_float(random);
  for (std::uint32_t layer = 0; layer < kDescriptors; ++layer) {
    for (std::uint32_t& word : inputs.weights[layer]) word = random.next();
    for (std::uint32_t& word : inputs.parameters[layer]) word = random_float(random);
  }
}

Shape random_shape(Random& random) {
  return {1 + random.below(kMaxRows), 2 + random.below(kMaxWidth - 1),
          1 + random.below(kMaxColumns), 1 + random.below(kMaxColumns)};
}

/// Two layers, the second on the outputs of the first; then one product in two chunks of K.
void build_chain(const Shape& shape, Execution& execution) {
  using engine::Matmul;
  engine::Descriptor* chain = execution.chain;
  const std::uint32_t slices = (shape.words + config::kArraySize - 1) / config::kArraySize;
  const std::uint32_t whole_slices = slices / 2 * config::kArraySize;
  const std::uint32_t chunk = whole_slices == 0 ? shape.words : whole_slices;
  const bool is_split = chunk < shape.words;
  chain[0] = Matmul(shape.rows, shape.words, shape.hidden)
                 .load(inputs.activations, kPitch)
                 .buffer(0, shape.words)
                 .weights(inputs.weights[0], 0)
                 .first()
                 .store(inputs.parameters[0], execution.hidden, kPitch)
                 .relu()
                 .next(&chain[1]);
  chain[1] = Matmul(shape.rows, shape.hidden, shape.columns)
                 .load(execution.hidden, kPitch)
                 .fence()
                 .buffer(kHalfBuffer, shape.hidden)
                 .weights(inputs.weights[1], kHalfAccumulators)
                 .first()
                 .store(inputs.parameters[1], execution.outputs[0], kPitch)
                 .next(&chain[2]);
  Matmul last = Matmul(shape.rows, chunk, shape.columns)
                    .load(inputs.activations, kPitch)
                    .buffer(0, chunk)
                    .weights(inputs.weights[2], 0)
                    .first();
  if (is_split) {
    chain[2] = last.next(&chain[3]);
    last = Matmul(shape.rows, shape.words - chunk, shape.columns)
               .load(inputs.activations + chunk, kPitch)
               .fence()
               .buffer(kHalfBuffer, shape.words - chunk)
               .weights(inputs.weights[3], 0);
  }
  chain[is_split ? 3 : 2] =
      last.store(inputs.parameters[2], execution.outputs[1], kPitch).clamp(-100.0f, 100.0f);
}

void clear(Execution& execution) {
  for (std::uint32_t& word : execution.hidden) word = 0;
  for (auto& outputs : execution.outputs) {
    for (std::uint32_t& word : outputs) word = 0;
  }
}

bool same_outputs() {
  bool good = true;
  constexpr std::uint32_t kWords = kMaxRows * kPitch / sizeof(float);
  for (std::uint32_t i = 0; i < kWords && good; ++i) {
    good = equal("hidden layer", on_engine.hidden[i], on_cpu.hidden[i]) &&
           equal("second layer", on_engine.outputs[0][i], on_cpu.outputs[0][i]) &&
           equal("chunks of K", on_engine.outputs[1][i], on_cpu.outputs[1][i]);
  }
  return good;
}

bool succeeds(const engine::Result& result) {
  engine::report(result);
  return result.ok();
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
  constexpr int kChains = 6;
  const software::Memory memory{reinterpret_cast<unsigned char*>(config::kMemoryBase),
                                config::kMemoryBase, config::kMemoryBytes};
  software::Engine cpu(memory, kGeometry, software_buffer, software_accumulators);
  Random random(20);
  for (int i = 0; i < kChains; ++i) {
    randomize(random);
    const Shape shape = random_shape(random);
    build_chain(shape, on_engine);
    build_chain(shape, on_cpu);
    clear(on_engine);
    clear(on_cpu);
    const bool good = succeeds(engine::run(on_engine.chain)) &&
                      succeeds(cpu.run(engine::Address(on_cpu.chain).value)) && same_outputs();
    if (!good) {
      heepstor::print("  chain ", i, ": rows ", shape.rows, ", words ", shape.words, ", hidden ",
                      shape.hidden, ", columns ", shape.columns, "\n");
      return false;
    }
  }
  return true;
}

}  // namespace selftest
