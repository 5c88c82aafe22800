// The end of a program after an exception, or an interrupt without a handler.

#include <cstdint>

#include "heepstor/exit.hpp"
#include "heepstor/mmio.hpp"
#include "heepstor/print.hpp"
#include "heepstor_config.hpp"
#include "regs_soc_ctrl.hpp"

namespace heepstor {
namespace {

namespace soc_ctrl = regs::soc_ctrl;

constexpr std::uint32_t kInterruptBit = 1u << 31;
constexpr std::uint32_t kIllegalInstruction = 2;
constexpr std::uint32_t kBusErrorInterrupt = kInterruptBit | 18;
constexpr std::uint32_t kStackOverflowInterrupt = kInterruptBit | 19;
constexpr int kExitCode = 1;

bool in_trap = false;

std::uint32_t read(std::uint32_t offset) { return read_register(config::kSocCtrlBase + offset); }

const char* name(std::uint32_t cause) {
  switch (cause) {
    case 1:
      return "instruction access fault";
    case kIllegalInstruction:
      return "illegal instruction";
    case 3:
      return "breakpoint";
    case 5:
      return "load access fault";
    case 7:
      return "store access fault";
    case 11:
      return "environment call";
    case kInterruptBit | 7:
      return "timer interrupt without a handler";
    case kInterruptBit | 16:
      return "engine interrupt without a handler";
    case kInterruptBit | 17:
      return "UART interrupt without a handler";
    case kBusErrorInterrupt:
      return "bus error: the address is not mapped";
    case kStackOverflowInterrupt:
      return "stack overflow";
    default:
      return "unexpected trap";
  }
}

bool is_in_memory(std::uint32_t address) {
  return address >= config::kMemoryBase && address - config::kMemoryBase < config::kMemoryBytes;
}

/// Instructions are aligned to two bytes: read halves.
std::uint32_t instruction_at(std::uint32_t address) {
  const auto* halves = reinterpret_cast<const volatile std::uint16_t*>(address);
  constexpr std::uint32_t kNotCompressed = 3;
  const std::uint32_t low = halves[0];
  if ((low & kNotCompressed) != kNotCompressed) return low;
  return low | static_cast<std::uint32_t>(halves[1]) << 16;
}

}  // namespace

extern "C" [[noreturn]] void heepstor_report_trap(std::uint32_t cause, std::uint32_t mepc) {
  // A trap while reporting one: end at once.
  if (in_trap) exit(kExitCode);
  in_trap = true;
  print("\ntrap: ", name(cause), " (mcause ", hex(cause), ", mepc ", hex(mepc));
  if (cause == kBusErrorInterrupt) print(", address ", hex(read(soc_ctrl::kBusErrorAddressOffset)));
  if (cause == kStackOverflowInterrupt) {
    print(", address ", hex(read(soc_ctrl::kStackOverflowAddressOffset)));
  }
  if (cause == kIllegalInstruction && is_in_memory(mepc)) {
    print(", instruction ", hex(instruction_at(mepc)));
  }
  print(")\n");
  if (cause == kStackOverflowInterrupt) {
    const std::uint32_t bottom = config::kMemoryBase + config::kMemoryBytes - config::kStackBytes;
    print("The stack has ", config::kStackBytes, " bytes; at least ",
          bottom - read(soc_ctrl::kStackOverflowAddressOffset),
          " more would be needed: raise stack_kib (", config::kStackBytes / 1024,
          ") in heepstor_cfg.hjson\n");
  }
  exit(kExitCode);
}

}  // namespace heepstor
