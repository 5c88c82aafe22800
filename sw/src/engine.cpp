#include "heepstor/engine.hpp"

#include "heepstor/print.hpp"

namespace heepstor::engine {

const char* reason(Error error) {
  switch (error) {
    case Error::kNone:
      return "none";
    case Error::kBadOperation:
      return "unknown operation, reserved bits set, or a shape that the engine can't do";
    case Error::kBadAddress:
      return "address outside memory, or misaligned";
    case Error::kZeroDimension:
      return "a dimension is zero";
    case Error::kBufferOverflow:
      return "activations or results don't fit in the engine's buffer";
    case Error::kAccumulatorOverflow:
      return "outputs don't fit in the accumulators";
    case Error::kBadDescriptor:
      return "descriptor outside memory, or misaligned";
    case Error::kBusy:
      return "started while running";
    case Error::kChainTooLong:
      return "the chain is longer than 65536 descriptors";
    case Error::kTimeLimit:
      return "the chain was still running at the time limit";
    case Error::kAborted:
      return "the chain was aborted";
  }
  return "unknown error";
}

void report(const Result& result) {
  if (result.ok()) return;
  print("engine: ", reason(result.error), " (error ", static_cast<std::uint32_t>(result.error),
        ") in descriptor ", result.index, " at 0x", hex(result.address));
  if (result.error == Error::kTimeLimit) print(", after ", kTimeLimitCycles, " cycles");
  print("\n");
}

}  // namespace heepstor::engine
