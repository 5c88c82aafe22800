#include "heepstor/exit.hpp"

#include "heepstor/console.hpp"
#include "heepstor/interrupts.hpp"
#include "heepstor/mmio.hpp"
#include "heepstor_config.hpp"
#include "regs_soc_ctrl.hpp"

namespace heepstor {
namespace {

/// Whether the boot ROM loads programs over the serial line, and should load the next one.
bool has_loader() {
  return (read_register(config::kSocCtrlBase + regs::soc_ctrl::kBootOffset) &
          regs::soc_ctrl::kBootSelectMask) != 0;
}

}  // namespace

void exit(int code) {
  console::flush();
  const interrupts::Masked masked;
  write_register(config::kSocCtrlBase + regs::soc_ctrl::kExitOffset,
                 static_cast<std::uint32_t>(code));
  interrupts::disable(~0u);
  if (has_loader()) asm volatile("jr %0" ::"r"(config::kBootRomBase));
  for (;;) asm volatile("wfi");  // nothing follows: sleep
}

}  // namespace heepstor
