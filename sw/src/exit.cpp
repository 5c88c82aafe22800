#include "heepstor/exit.hpp"

#include "heepstor/interrupts.hpp"
#include "heepstor/mmio.hpp"
#include "heepstor/uart.hpp"
#include "heepstor_config.hpp"
#include "regs_soc_ctrl.hpp"

namespace heepstor {

void exit(int code) {
  uart::flush();
  const interrupts::Masked masked;
  write_register(config::kSocCtrlBase + regs::soc_ctrl::kExitOffset,
                 static_cast<std::uint32_t>(code));
  interrupts::disable(~0u);
  for (;;) asm volatile("wfi");  // on a board nothing ends the program: sleep
}

}  // namespace heepstor
