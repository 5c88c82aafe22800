// The CPU's cycle counter.
#pragma once

#include <cstdint>

namespace heepstor {

/// Clock cycles since start-up, modulo 2^32; a difference of two readings is right if it is
/// shorter.
inline std::uint32_t cycles() {
#ifdef __riscv
  std::uint32_t count;
  asm volatile("csrr %0, mcycle" : "=r"(count)::"memory");
  return count;
#else
  return 0;
#endif
}

}  // namespace heepstor
