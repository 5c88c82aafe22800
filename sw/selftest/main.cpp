// Tests the SoC from its own CPU: prints a line per test, and ends with PASS (exit code 0) or FAIL
// (1).

#include "heepstor/cycles.hpp"
#include "heepstor/print.hpp"
#include "heepstor/stack.hpp"
#include "selftest.hpp"

namespace {

struct Test {
  const char* name;
  bool (*run)();
};

constexpr Test kTests[] = {
    {"identification", selftest::identification},
    {"memory: addresses", selftest::memory_addresses},
    {"memory: march", selftest::memory_march},
    {"memory: bytes and halves", selftest::memory_narrow_accesses},
    {"uart: transmitter", selftest::uart_transmits},
    {"timer: counts", selftest::timer_counts},
    {"timer: interrupt", selftest::timer_interrupts},
    {"bus error: interrupt", selftest::bus_error_interrupts},
    {"cpu: softmax, known bits", selftest::softmax_bits},
    {"engine: identification", selftest::engine_identifies},
    {"engine: known bits", selftest::engine_known_bits},
    {"engine: equals software", selftest::engine_equals_software},
    {"engine: equals software, INT8", selftest::engine_equals_software_of_integers},
    {"engine: errors", selftest::engine_reports_errors},
    {"engine: doorbell while busy", selftest::engine_refuses_a_second_doorbell},
};

}  // namespace

int main() {
  using heepstor::print;
  int failures = 0;
  print("HEEPstor self-test\n");
  for (const Test& test : kTests) {
    const std::uint32_t start = heepstor::cycles();
    const bool passed = test.run();
    const std::uint32_t elapsed = heepstor::cycles() - start;
    print(passed ? "ok    " : "FAIL  ", test.name, " (", elapsed, " cycles)\n");
    failures += passed ? 0 : 1;
  }
  print("stack used: ", heepstor::stack_used(), " bytes\n");
  print(failures == 0 ? "PASS\n" : "FAIL\n");
  return failures == 0 ? 0 : 1;
}
