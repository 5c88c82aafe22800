// Softmax and its logarithm on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/softmax_kernel.hpp"

namespace heepstor {

/// out[i] = exp(logits[i]) / sum of exp(logits[j]), of one row of n values. `out` may be `logits`.
///
/// Error against exact softmax of the same FP32 logits: at most (n + 20) * 2^-24 times the output
/// plus 2^-25; for n <= 16 at most 4e-7. Logits more than 87 below the largest give exactly 0.
///
/// A row that contains NaN or +infinity, or only -infinity, gives NaN (0x7fc00000) everywhere.
///
/// The same FP32 operations in the same order as modelgen/arithmetic: equal bit for bit.
inline void softmax(const float* logits, float* out, std::size_t n) {
  if (n == 0) return;
  const detail::Range range = detail::range(logits, n);
  if (range.is_near()) {
    detail::softmax(logits, out, n, detail::NearPower(range.maximum));
  } else {
    detail::softmax(logits, out, n, detail::FarPower(range.maximum));
  }
}

/// out[i] = logits[i] - ln(sum of exp(logits[j])), of one row of n values. `out` may be `logits`.
///
/// Error: at most 2^-22 times (1 + the distance to the largest logit + ln(n)) plus n * 2^-24.
/// Undefined rows are those of softmax().
inline void log_softmax(const float* logits, float* out, std::size_t n) {
  if (n == 0) return;
  const auto log = [](float sum) { return is_nan(sum) ? sum : detail::kLogOfSum(sum); };
  const detail::Range range = detail::range(logits, n);
  if (range.is_near()) {
    const detail::NearPower power(range.maximum);
    const float sum = detail::sum_of_powers(logits, n, power);
    detail::subtract(logits, out, n, range.maximum, log(sum) - power.rest);
  } else {
    const detail::FarPower power(range.maximum);
    const float sum = detail::sum_of_powers(logits, n, power);
    detail::subtract(logits, out, n, range.maximum, log(sum));
  }
}

/// softmax() of rows whose length and number are constants: faster for short rows, at the cost of
/// more code.
template <std::size_t n, std::size_t rows = 1>
void softmax(const float* logits, float* out) {
  constexpr std::size_t kLongestInRegisters = 16;
  for (std::size_t row = 0; row < rows; ++row, logits += n, out += n) {
    if constexpr (n <= kLongestInRegisters) {
      float values[n];
      detail::Range range{logits[0], logits[0]};
      HEEPSTOR_UNROLL(32)
      for (std::size_t i = 0; i < n; ++i) range.include(values[i] = logits[i]);
      if (range.is_near()) {
        detail::near_softmax(values, out, range.maximum);
        continue;
      }
    }
    softmax(logits, out, n);
  }
}

/// log_softmax() of rows.
template <std::size_t n, std::size_t rows = 1>
void log_softmax(const float* logits, float* out) {
  for (std::size_t row = 0; row < rows; ++row, logits += n, out += n) log_softmax(logits, out, n);
}

}  // namespace heepstor
