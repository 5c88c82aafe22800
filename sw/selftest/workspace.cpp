#include "workspace.hpp"

#include <initializer_list>

#include "selftest.hpp"

namespace selftest {
namespace {

namespace config = heepstor::config;
namespace engine = heepstor::engine;

constexpr std::uint32_t kWordBytes = sizeof(float);

/// Orders weights (words, columns) as the engine reads them: for each slice, for each tile, S x S.
void order_weights(const Product& product, std::int8_t* stream) {
  for (std::uint32_t slice = 0; slice < product.words; slice += kSize) {
    for (std::uint32_t tile = 0; tile < product.columns; tile += kSize) {
      for (std::uint32_t i = 0; i < kSize * kSize; ++i) {
        const std::uint32_t word = slice + i / kSize;
        const std::uint32_t column = tile + i % kSize;
        const bool is_padding = word >= product.words || column >= product.columns;
        *stream++ = is_padding ? 0 : product.weights[word * product.columns + column];
      }
    }
  }
}

/// For each tile, S scales, then S biases.
void order_parameters(const Product& product, std::uint32_t* parameters) {
  for (std::uint32_t tile = 0; tile < product.columns; tile += kSize) {
    for (const std::uint32_t* values : {product.scale, product.bias}) {
      for (std::uint32_t column = tile; column < tile + kSize; ++column) {
        *parameters++ = column < product.columns ? values[column] : 0;
      }
    }
  }
}

}  // namespace

engine::Descriptor prepare(const Product& product, Workspace& workspace) {
  for (std::uint32_t i = 0; i < product.rows * product.words; ++i) {
    workspace.activations[i] = product.activations[i];
  }
  for (std::uint32_t i = 0; i < product.rows * product.columns; ++i) workspace.outputs[i] = ~0u;
  order_weights(product, workspace.weights);
  order_parameters(product, workspace.parameters);
  return engine::matmul(product.columns)
      .activations({product.rows, 1}, product.words, {0, product.words})
      .load(workspace.activations, {product.words * kWordBytes, 0})
      .input(0, {product.words, 0})
      .positions({product.rows, 1})
      .runs(product.words)
      .weights(workspace.weights)
      .first()
      .parameters(workspace.parameters)
      .store_to_memory(workspace.outputs, {product.columns * kWordBytes, 0})
      .clamp(heepstor::to_float(product.low), heepstor::to_float(product.high));
}

bool outputs_equal(const Product& product, const Workspace& workspace) {
  for (std::uint32_t i = 0; i < product.rows * product.columns; ++i) {
    if (workspace.outputs[i] != product.expected[i]) {
      heepstor::print("  ", product.name, ", output ", i, ":\n");
      return equal("bits", workspace.outputs[i], product.expected[i]);
    }
  }
  return true;
}

}  // namespace selftest
