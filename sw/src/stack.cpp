#include "heepstor/stack.hpp"

#include "heepstor/interrupts.hpp"
#include "heepstor/mmio.hpp"
#include "heepstor_config.hpp"
#include "regs_soc_ctrl.hpp"

extern "C" const std::uint32_t __free_start[];
extern "C" const std::uint32_t __stack_bottom[];
extern "C" const std::uint32_t __stack_top[];

namespace heepstor {
namespace {

namespace soc_ctrl = regs::soc_ctrl;

constexpr std::uint32_t kPaint = 0xA5A5A5A5;  // as in crt0.S

void write(std::uint32_t offset, std::uint32_t value) {
  write_register(config::kSocCtrlBase + offset, value);
}

}  // namespace

std::uint32_t stack_used() {
  const std::uint32_t* deepest = __stack_bottom;
  while (deepest < __stack_top && *deepest == kPaint) ++deepest;
  return static_cast<std::uint32_t>(__stack_top - deepest) * sizeof(std::uint32_t);
}

void guard_stack() {
  write(soc_ctrl::kStackGuardBaseOffset, reinterpret_cast<std::uintptr_t>(__free_start));
  write(soc_ctrl::kStackGuardEndOffset, reinterpret_cast<std::uintptr_t>(__stack_bottom));
  // If a debugger starts a program, the guard of the previous program is still in place.
  write(soc_ctrl::kStackOverflowOffset, soc_ctrl::kStackOverflowPendingMask);
  interrupts::enable(interrupts::kStackOverflow);
}

void unguard_stack() { write(soc_ctrl::kStackGuardEndOffset, 0); }

}  // namespace heepstor
