// Softmax on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/softmax_kernel.hpp"

namespace heepstor {

/// out[i] = exp(logits[i]) / sum of exp(logits[j]), of one row of n values. `out` may be `logits`.
///
/// Error against exact softmax of the same FP32 logits: at most (n + 20) * 2^-24 times the output
/// plus 2^-25; for n <= 16 at most 4e-7. (exp() itself, over all FP32 numbers in -87..0: at most
/// 4.1e-7 relative and 1.25e-7 absolute.) Logits more than 87 below the largest give exactly 0.
///
/// A row that contains NaN or +infinity, or only -infinity, gives NaN (0x7fc00000) everywhere.
///
/// The same FP32 operations in the same order as modelgen/arithmetic: equal bit for bit.
void softmax(const float* logits, float* out, std::size_t n);

/// The same for rows whose length and number are constants: faster for short rows (10 values: 284
/// cycles instead of 345 on the cv32e40p), at the cost of more code (50 bytes per value).
template <std::size_t n, std::size_t rows = 1>
void softmax(const float* logits, float* out) {
  constexpr std::size_t kLongestUnrolled = 16;
  for (std::size_t row = 0; row < rows; ++row, logits += n, out += n) {
    if constexpr (n <= kLongestUnrolled) {
      detail::softmax<kLongestUnrolled / 2>(logits, out, n);
    } else {
      softmax(logits, out, n);
    }
  }
}

}  // namespace heepstor
