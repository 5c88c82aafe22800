// Softmax on the CPU.
#pragma once

#include <cstddef>

namespace heepstor {

/// out[i] = exp(logits[i]) / sum of exp(logits[j]), of one row of n values. `out` may be `logits`.
///
/// Error against exact softmax: at most kSoftmaxErrorBound of the largest output for rows of up to
/// 1024 values. Logits more than 87 below the largest give exactly 0. A row that holds a NaN or
/// +infinity, or nothing but -infinity, gives NaN (0x7fc00000) everywhere.
///
/// FP32 operations in a fixed order, the same as modelgen/reference: equal bit for bit.
void softmax(const float* logits, float* out, std::size_t n);

}  // namespace heepstor
