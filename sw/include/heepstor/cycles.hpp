// Counting clock cycles.
#pragma once

#include <cstdint>

#ifdef __riscv
#include "heepstor/mmio.hpp"
#include "heepstor_config.hpp"
#include "regs_timer.hpp"
#endif

namespace heepstor {

/// Clock cycles since reset, modulo 2^32: a difference of two readings is right if it is shorter.
///
/// Read from the machine timer, as the CPU's own counter stops while the CPU sleeps. On the
/// host there is none, and this is 0.
inline std::uint32_t cycles() {
#ifdef __riscv
  return read_register(config::kTimerBase + regs::timer::kMtimeOffset);
#else
  return 0;
#endif
}

}  // namespace heepstor
