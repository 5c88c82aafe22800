// A model for the server: two outputs, the sum of four inputs and the first of them.
#pragma once

#include <cstddef>

#include "heepstor/engine.hpp"

namespace model {

using Input = float;
using Output = float;
inline constexpr std::size_t kBatch = 1;
inline constexpr std::size_t kInputSize = 4;
inline constexpr std::size_t kOutputSize = 2;

heepstor::engine::Result infer(const float* input, float* output);

}  // namespace model
