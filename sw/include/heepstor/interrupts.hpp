// Interrupt lines of the CPU, and sleeping until one is raised.
//
// An interrupt that is enabled with enable() but has no handler ends the program (see trap.cpp). To
// wait for one without a handler, use wait_for(): the CPU wakes up, and no handler runs.
#pragma once

#include <cstdint>

#include "heepstor/csr.hpp"

namespace heepstor::interrupts {

// Bits of the CSRs mie and mip.
inline constexpr std::uint32_t kTimer = 1u << 7;
inline constexpr std::uint32_t kEngine = 1u << 16;
inline constexpr std::uint32_t kUart = 1u << 17;
inline constexpr std::uint32_t kBusError = 1u << 18;
inline constexpr std::uint32_t kStackOverflow = 1u << 19;

/// Prevents all handlers from running during its lifetime; interrupts stay pending.
class Masked {
 public:
  Masked() { asm volatile("csrrci %0, mstatus, 8" : "=r"(mstatus_)::"memory"); }
  ~Masked() { HEEPSTOR_CSR_SET("mstatus", mstatus_ & kGlobalEnable); }
  Masked(const Masked&) = delete;
  Masked& operator=(const Masked&) = delete;

 private:
  static constexpr std::uint32_t kGlobalEnable = 8;
  std::uint32_t mstatus_;
};

inline void enable(std::uint32_t lines) { HEEPSTOR_CSR_SET("mie", lines); }
inline void disable(std::uint32_t lines) { HEEPSTOR_CSR_CLEAR("mie", lines); }
inline std::uint32_t pending() { return HEEPSTOR_CSR_READ("mip"); }

/// Sleeps until one of `lines` is pending. Call it with handlers masked: then an interrupt between
/// the check and the sleep wakes the CPU at once instead of being lost.
inline void wait_for(std::uint32_t lines) {
  enable(lines);
  while ((pending() & lines) == 0) asm volatile("wfi" ::: "memory");
  disable(lines);
}

}  // namespace heepstor::interrupts
