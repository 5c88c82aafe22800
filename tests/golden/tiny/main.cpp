// Runs the network on test inputs and compares each output with the expected one, bit for bit.
//
// Lines that begin with "# " are for programs: cycles and outputs of each inference, and once, for
// each layer, the engine's counters (cumulative since the doorbell) or the CPU's cycles.
#include <cstddef>
#include <cstdint>

#include "heepstor/bits.hpp"
#include "heepstor/cycles.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/print.hpp"
#include "heepstor/stack.hpp"
#include "model.hpp"
#include "test_data.hpp"

namespace {

using heepstor::print;

alignas(16) model::Output output[model::kOutputSize];

constexpr std::size_t kClasses = model::kOutputSize / model::kBatch;

/// Returns the index of the largest value in one row of the output.
std::size_t predicted_class(const model::Output* row) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < kClasses; ++i) {
    if (row[i] > row[best]) best = i;
  }
  return best;
}

void print_layers() {
  std::size_t index = 0;
  for (const model::Layer& layer : model::layers) {
    if (layer.profile != nullptr) {
      const heepstor::engine::Profile& profile = *layer.profile;
      print("# layer ", index, " ", profile.cycles, " ", profile.busy, " ", profile.wait_descriptor,
            " ", profile.wait_activations, " ", profile.wait_weights, " ", profile.wait_accumulator,
            " ", profile.wait_store, " ", profile.bus_stalls, "\n");
    } else {
      print("# cpu ", index, " ", *layer.cycles, "\n");
    }
    ++index;
  }
}

void print_output(std::size_t inference) {
  print("# output ", inference);
  for (const model::Output value : output) print(" ", heepstor::hex(heepstor::to_bits(value)));
  print("\n");
}

/// Returns the number of outputs of an inference that differ from the expected ones.
std::uint32_t count_mismatches(std::size_t inference) {
  const auto* expected = test_expected + inference * model::kOutputSize;
  std::uint32_t mismatches = 0;
  for (std::size_t i = 0; i < model::kOutputSize; ++i) {
    if (heepstor::to_bits(output[i]) != expected[i]) ++mismatches;
  }
  return mismatches;
}

}  // namespace

int main() {
  heepstor::engine::check_hardware();
  std::uint32_t mismatches = 0;
  for (std::size_t inference = 0; inference < kInferences; ++inference) {
    const model::Input* input = test_inputs + inference * model::kInputSize;
    const std::uint32_t start = heepstor::cycles();
    const heepstor::engine::Result result = model::infer(input, output);
    const std::uint32_t elapsed = heepstor::cycles() - start;
    if (!result.ok()) {
      heepstor::engine::report(result);
      return 2;
    }
    print("# input ", inference, " cycles ", elapsed, "\n");
    if (inference == 0) print_layers();
    print_output(inference);
    mismatches += count_mismatches(inference);
    print("Inference ", inference, ": class");
    for (std::size_t row = 0; row < model::kBatch; ++row) {
      print(" ", predicted_class(output + row * kClasses));
    }
    print(", ", elapsed, " cycles\n");
  }
  print("# stack ", heepstor::stack_used(), "\n");
  print("# done ", mismatches, "\n");
  return mismatches == 0 ? 0 : 1;
}
