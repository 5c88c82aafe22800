// The tests in the self-test firmware. Each prints what is wrong, and returns whether it passed.
#pragma once

#include <cstdint>

#include "heepstor/print.hpp"

namespace selftest {

bool identification();
bool memory_addresses();
bool memory_march();
bool memory_narrow_accesses();
bool uart_transmits();
bool timer_counts();
bool timer_interrupts();
bool bus_error_interrupts();
bool softmax_bits();
bool engine_identifies();
bool engine_known_bits();
bool engine_equals_software();
bool engine_equals_software_of_integers();
bool engine_reports_errors();
bool engine_refuses_a_second_doorbell();

/// Returns whether two values are equal; prints both if not.
inline bool equal(const char* what, std::uint32_t got, std::uint32_t expected) {
  if (got == expected) return true;
  heepstor::print("  ", what, ": got ", heepstor::hex(got), ", expected ", heepstor::hex(expected),
                  "\n");
  return false;
}

/// Returns `condition`; prints what is wrong if it is false.
inline bool holds(bool condition, const char* what) {
  if (!condition) heepstor::print("  ", what, "\n");
  return condition;
}

/// Pseudo-random numbers (xorshift, Marsaglia 2003); the same on every run.
class Random {
 public:
  explicit Random(std::uint32_t seed) : state_(seed) {}

  std::uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }

  /// 0 .. limit - 1
  std::uint32_t below(std::uint32_t limit) { return next() % limit; }

 private:
  std::uint32_t state_;
};

}  // namespace selftest
