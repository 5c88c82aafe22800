// Runs chains on the engine.
#ifndef HEEPSTOR_OPERATORS_SOFTWARE

#include "heepstor/assert.hpp"
#include "heepstor/engine.hpp"
#include "heepstor/exit.hpp"
#include "heepstor/interrupts.hpp"
#include "heepstor/mmio.hpp"
#include "heepstor/print.hpp"
#include "regs_engine.hpp"

namespace heepstor::engine {
namespace {

namespace regs = heepstor::regs::engine;

constexpr std::uint32_t kInterruptBoth = regs::kInterruptDoneMask | regs::kInterruptErrorMask;

std::uint32_t read(std::uint32_t offset) { return read_register(config::kEngineBase + offset); }

void write(std::uint32_t offset, std::uint32_t value) {
  write_register(config::kEngineBase + offset, value);
}

/// Returns whether two values are equal; prints both if not.
bool agrees(const char* what, std::uint32_t found, std::uint32_t expected) {
  if (found == expected) return true;
  print("engine: the hardware's ", what, " is ", found, ", this firmware was built for ", expected,
        "\n");
  return false;
}

Result read_error() {
  const std::uint32_t error = read(regs::kErrorOffset);
  return {static_cast<Error>((error & regs::kErrorCodeMask) >> regs::kErrorCodeShift),
          (error & regs::kErrorIndexMask) >> regs::kErrorIndexShift,
          read(regs::kErrorAddressOffset)};
}

}  // namespace

void check_hardware() {
  const std::uint32_t id = read(regs::kIdOffset);
  bool good = agrees("version", (id & regs::kIdVersionMask) >> regs::kIdVersionShift, kVersion);
  good &= agrees("array_size", (id & regs::kIdArraySizeMask) >> regs::kIdArraySizeShift,
                 config::kArraySize);
  good &= agrees("port_words", (id & regs::kIdPortWordsMask) >> regs::kIdPortWordsShift,
                 config::kPortWords);
  good &= agrees("buffer_words", read(regs::kBufferOffset), config::kBufferWords);
  good &= agrees("accumulator_depth", read(regs::kAccumulatorOffset), config::kAccumulatorDepth);
  write(regs::kLimitOffset, kTimeLimitCycles);
  if (good) return;
  print("Build hardware and firmware from the same heepstor_cfg.hjson.\n");
  exit(1);
}

Result run(const Descriptor* first) {
  write(regs::kDescriptorOffset, Address(first).value);
  write(regs::kInterruptEnableOffset, kInterruptBoth);
  // The CPU's stores take effect in order; the compiler must not move them past the doorbell.
  asm volatile("" ::: "memory");
  const interrupts::Masked masked;
  write(regs::kDoorbellOffset, regs::kDoorbellStartMask);
  interrupts::wait_for(interrupts::kEngine);
  const std::uint32_t raised = read(regs::kInterruptOffset);
  HEEPSTOR_ASSERT((raised & kInterruptBoth) != 0, "spurious interrupt: the chain still runs");
  write(regs::kInterruptOffset, raised);
  if ((raised & regs::kInterruptErrorMask) != 0) return read_error();
  return {};
}

}  // namespace heepstor::engine

#endif  // HEEPSTOR_OPERATORS_SOFTWARE
