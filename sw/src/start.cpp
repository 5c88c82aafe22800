// From start-up code to main(), and back to the end of the program.

#include "heepstor/exit.hpp"
#include "heepstor/interrupts.hpp"
#include "heepstor/print.hpp"
#include "heepstor/stack.hpp"
#include "heepstor_config.hpp"

int main();

extern "C" [[noreturn]] void heepstor_start() {
  constexpr std::uint32_t kGlobalEnable = 8;
  heepstor::interrupts::enable(heepstor::interrupts::kBusError);
  HEEPSTOR_CSR_SET("mstatus", kGlobalEnable);
  const int code = main();
  if (heepstor::stack_overflowed()) {
    heepstor::print("stack overflow: raise stack_kib (", heepstor::config::kStackBytes / 1024,
                    ") in heepstor_cfg.hjson\n");
    heepstor::exit(1);
  }
  heepstor::exit(code);
}
