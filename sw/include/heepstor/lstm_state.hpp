// The cell state of an LSTM after a step, on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/gates.hpp"
#include "heepstor/logistic.hpp"

namespace heepstor {

/// out = sigmoid(f) c + sigmoid(i) tanh(g) for each row; gates has rows i, f, g, o of `size` values
/// each, cell and out have rows of `size` values. `out` may be `cell`.
///
/// The same FP32 operations in the same order as modelgen/operators: equal bit for bit.
inline void lstm_state(const float* gates, const float* cell, float* out, std::size_t rows,
                       std::size_t size) {
  for (std::size_t row = 0; row < rows; ++row, gates += 4 * size, cell += size, out += size) {
    detail::in_gate_blocks(size, [&](std::size_t first, std::size_t count) {
      float enter[detail::kGateBlock];
      float keep[detail::kGateBlock];
      float change[detail::kGateBlock];
      sigmoid(gates + first, enter, count);
      sigmoid(gates + size + first, keep, count);
      tanh(gates + 2 * size + first, change, count);
      for (std::size_t i = 0; i < count; ++i) {
        const float kept = keep[i] * cell[first + i];
        const float added = enter[i] * change[i];
        out[first + i] = kept + added;
      }
    });
  }
}

}  // namespace heepstor
