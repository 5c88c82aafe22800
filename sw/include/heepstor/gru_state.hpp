// The state of a GRU after a step, on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/gates.hpp"
#include "heepstor/logistic.hpp"

namespace heepstor {

/// out = n + z (h - n) with r = sigmoid(xr + hr), z = sigmoid(xz + hz), n = tanh(xn + r hn), for
/// each row. given has rows xr, xz, xn of `size` values each, hidden rows hr, hz, hn, state and out
/// rows of `size` values. `out` may be `state`.
///
/// The same FP32 operations in the same order as modelgen/operators: equal bit for bit.
inline void gru_state(const float* given, const float* hidden, const float* state, float* out,
                      std::size_t rows, std::size_t size) {
  for (std::size_t row = 0; row < rows; ++row) {
    detail::in_gate_blocks(size, [&](std::size_t first, std::size_t count) {
      float reset[detail::kGateBlock] = {};
      float update[detail::kGateBlock] = {};
      float change[detail::kGateBlock] = {};
      const float* x = given + first;
      const float* h = hidden + first;
      for (std::size_t i = 0; i < count; ++i) reset[i] = x[i] + h[i];
      for (std::size_t i = 0; i < count; ++i) update[i] = x[size + i] + h[size + i];
      sigmoid(reset, reset, count);
      sigmoid(update, update, count);
      for (std::size_t i = 0; i < count; ++i) {
        const float recalled = reset[i] * h[2 * size + i];
        change[i] = x[2 * size + i] + recalled;
      }
      tanh(change, change, count);
      for (std::size_t i = 0; i < count; ++i) {
        const float step = update[i] * (state[first + i] - change[i]);
        out[first + i] = change[i] + step;
      }
    });
    given += 3 * size;
    hidden += 3 * size;
    state += size;
    out += size;
  }
}

}  // namespace heepstor
