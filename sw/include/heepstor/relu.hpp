// ReLU on the CPU, for the layers that the engine can't take with the one before.
#pragma once

#include <cstddef>

namespace heepstor {

/// out[i] = +0 where in[i] < 0, else in[i]: -0 stays -0; every NaN becomes 0x7fc00000, as in the
/// engine. `out` may be `in`.
void relu(const float* in, float* out, std::size_t n);

}  // namespace heepstor
