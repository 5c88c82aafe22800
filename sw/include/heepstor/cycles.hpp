// Counting clock cycles.
#pragma once

#include <cstdint>

#ifdef __riscv
#include "heepstor/mmio.hpp"
#include "heepstor_config.hpp"
#include "regs_timer.hpp"
#endif

namespace heepstor {

/// Clock cycles since reset, modulo 2^32; differences are correct for intervals below 2^32.
///
/// Read from the machine timer, as the CPU's own counter stops while the CPU sleeps. On the host,
/// which has no such timer, it is 0.
inline std::uint32_t cycles() {
#ifdef __riscv
  return read_register(config::kTimerBase + regs::timer::kMtimeOffset);
#else
  return 0;
#endif
}

}  // namespace heepstor
