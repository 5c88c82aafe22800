// Serves inference over the serial line: a host writes inputs, requests an inference, and reads the
// outputs (heepstor/serial/protocol.hpp). Linked with any generated model in place of its main.cpp.
#include <cstddef>
#include <cstdint>

#include "heepstor/cycles.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/serial/endpoint.hpp"
#include "heepstor/serial/protocol.hpp"
#include "model.hpp"

/// Its address is the number that identifies this program, defined at link time
/// (flows/toolchain/firmware.py).
extern "C" const char heepstor_program_id[];

namespace {

namespace serial = heepstor::serial;

alignas(16) model::Input input[model::kInputSize];
alignas(16) model::Output output[model::kOutputSize];

std::uint32_t address_of(const void* place) { return reinterpret_cast<std::uintptr_t>(place); }

serial::Window window_of(const void* values, std::size_t bytes) {
  return {address_of(values), static_cast<std::uint32_t>(bytes)};
}

void tell_buffers(serial::Endpoint& line) {
  auto& buffers = *reinterpret_cast<serial::Buffers*>(line.words());
  buffers.program = address_of(heepstor_program_id);
  buffers.input = address_of(input);
  buffers.input_bytes = sizeof(input);
  buffers.output = address_of(output);
  buffers.output_bytes = sizeof(output);
  line.reply(sizeof(buffers));
}

void infer(serial::Endpoint& line) {
  const std::uint32_t start = heepstor::cycles();
  const heepstor::engine::Result result = model::infer(input, output);
  auto& inference = *reinterpret_cast<serial::Inference*>(line.words());
  inference.cycles = heepstor::cycles() - start;
  inference.error = static_cast<std::uint32_t>(result.error);
  inference.index = result.index;
  inference.address = result.address;
  line.reply(sizeof(inference));
}

/// Answers one request; returns whether to continue.
bool serve(serial::Endpoint& line) {
  line.receive();
  switch (line.type()) {
    case serial::kHello:
      line.greet(serial::kServer, true);
      return true;
    case serial::kBuffers:
      tell_buffers(line);
      return true;
    case serial::kWrite:
      serial::write_memory(line, window_of(input, sizeof(input)));
      return true;
    case serial::kInfer:
      infer(line);
      return true;
    case serial::kRead:
      serial::read_memory(line, window_of(output, sizeof(output)));
      return true;
    case serial::kStart:
      if (!serial::is_started(line)) break;
      line.reply();
      return true;
    case serial::kLeave:
      line.reply();
      return false;
  }
  line.refuse(serial::kUnknownRequest);
  return true;
}

serial::Endpoint line;

}  // namespace

int main() {
  heepstor::engine::check_hardware();
  line.greet(serial::kServer, false);
  while (serve(line)) {
  }
  return 0;
}
