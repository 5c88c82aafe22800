// Choice between two values by a mask.
#pragma once

#include <cstddef>

namespace heepstor {

/// out[i] = mask[i] != 0 ? chosen[i * chosen_step] : other[i * other_step] for i < n, bit for bit.
///
/// A step of 0 repeats a single value. `out` may be an array that has a step of 1.
template <std::size_t chosen_step, std::size_t other_step>
void select(const float* mask, const float* chosen, const float* other, float* out, std::size_t n) {
  constexpr std::size_t kTogether = 4;
  const auto pick = [&](std::size_t i) {
    return mask[i] != 0.0f ? chosen[i * chosen_step] : other[i * other_step];
  };
  for (; n >= kTogether; n -= kTogether) {
    float results[kTogether];
    for (std::size_t i = 0; i < kTogether; ++i) results[i] = pick(i);
    for (std::size_t i = 0; i < kTogether; ++i) out[i] = results[i];
    mask += kTogether;
    chosen += kTogether * chosen_step;
    other += kTogether * other_step;
    out += kTogether;
  }
  for (std::size_t i = 0; i < n; ++i) out[i] = pick(i);
}

}  // namespace heepstor
