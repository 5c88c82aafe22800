// From start-up code to main(), and from there to the end of the program.

#include "heepstor/exit.hpp"
#include "heepstor/interrupts.hpp"
#include "heepstor/stack.hpp"

int main();

extern "C" [[noreturn]] void heepstor_start() {
  constexpr std::uint32_t kGlobalEnable = 8;
  heepstor::guard_stack();
  heepstor::interrupts::enable(heepstor::interrupts::kBusError);
  HEEPSTOR_CSR_SET("mstatus", kGlobalEnable);
  heepstor::exit(main());
}
