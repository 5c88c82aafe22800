// The output of an LSTM after a step, on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/gates.hpp"
#include "heepstor/logistic.hpp"

namespace heepstor {

/// out = sigmoid(o) tanh(c) for each row, with gates and cell as for lstm_state(). `out` may be
/// `cell`.
inline void lstm_output(const float* gates, const float* cell, float* out, std::size_t rows,
                        std::size_t size) {
  for (std::size_t row = 0; row < rows; ++row, gates += 4 * size, cell += size, out += size) {
    detail::in_gate_blocks(size, [&](std::size_t first, std::size_t count) {
      float leave[detail::kGateBlock];
      float state[detail::kGateBlock];
      sigmoid(gates + 3 * size + first, leave, count);
      tanh(cell + first, state, count);
      for (std::size_t i = 0; i < count; ++i) out[first + i] = leave[i] * state[i];
    });
  }
}

}  // namespace heepstor
