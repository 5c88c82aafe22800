// What the server (sw/server/main.cpp) calls. A first input below zero is an error of the engine.
#include <cstdlib>

#include "board.hpp"
#include "model.hpp"

/// Of the START that has begun the server.
static constexpr std::uint32_t kSession = 7;

namespace model {

heepstor::engine::Result infer(const float* input, float* output) {
  if (input[0] < 0) return {heepstor::engine::Error::kBadAddress, 3, 0x80000040};
  output[0] = input[0] + input[1] + input[2] + input[3];
  output[1] = input[0];
  return {};
}

}  // namespace model

namespace heepstor::engine {

void check_hardware() {
  board.config_hash = static_cast<std::uint32_t>(std::strtoul(std::getenv("HASH"), nullptr, 16));
  board.session = kSession;
}

}  // namespace heepstor::engine
