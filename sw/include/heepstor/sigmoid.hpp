// The logistic function on the CPU.
#pragma once

#include <cstddef>

#include "heepstor/softmax_kernel.hpp"

namespace heepstor {

/// out[i] = 1 / (1 + exp(-values[i])) of n values. `out` may be `values`.
///
/// The relative error is at most 5e-7 above -87, below which it is 0. NaN gives NaN (0x7fc00000).
/// The same FP32 operations in the same order as modelgen/arithmetic: equal bit for bit.
inline void sigmoid(const float* values, float* out, std::size_t n) {
  const detail::Exponential c = detail::from_memory(detail::kExponential);
  for (std::size_t i = 0; i < n; ++i) {
    const float value = values[i];
    const float power = detail::exp_negative<true>(-__builtin_fabsf(value), c);
    const float result = (value < 0.0f ? power : 1.0f) / (1.0f + power);
    out[i] = is_nan(value) ? to_float(kCanonicalNanBits) : result;
  }
}

}  // namespace heepstor
