#include "workspace.hpp"

#include <initializer_list>

#include "selftest.hpp"

namespace selftest {
namespace {

namespace config = heepstor::config;
namespace engine = heepstor::engine;

constexpr std::uint32_t kWordBytes = sizeof(float);

constexpr std::uint32_t kLineBytes = 16;

/// Ends a tile's values with zeros, in a whole line; returns where the next ones begin.
template <class T>
T* end_line(const T* begin, T* end) {
  while ((end - begin) * sizeof(T) % kLineBytes != 0) *end++ = 0;
  return end;
}

/// The column behind a tile's last one that exists.
std::uint32_t end_of_tile(const Product& product, std::uint32_t tile) {
  return product.columns - tile < kSize ? product.columns : tile + kSize;
}

/// Orders weights (words, columns) as the engine reads them: for each slice, for each tile, for
/// each column, S words.
void order_weights(const Product& product, std::int8_t* stream) {
  for (std::uint32_t slice = 0; slice < product.words; slice += kSize) {
    for (std::uint32_t tile = 0; tile < product.columns; tile += kSize) {
      const std::int8_t* begin = stream;
      for (std::uint32_t column = tile; column < end_of_tile(product, tile); ++column) {
        for (std::uint32_t word = slice; word < slice + kSize; ++word) {
          const bool exists = word < product.words;
          *stream++ = exists ? product.weights[word * product.columns + column] : 0;
        }
      }
      stream = end_line(begin, stream);
    }
  }
}

/// For each tile the scales of its columns, then their biases.
void order_parameters(const Product& product, std::uint32_t* parameters) {
  for (std::uint32_t tile = 0; tile < product.columns; tile += kSize) {
    for (const std::uint32_t* values : {product.scale, product.bias}) {
      const std::uint32_t* begin = parameters;
      for (std::uint32_t column = tile; column < end_of_tile(product, tile); ++column) {
        *parameters++ = values[column];
      }
      parameters = end_line(begin, parameters);
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
