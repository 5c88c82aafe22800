// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// Detects programs that will never end by themselves.
#pragma once

#include <algorithm>
#include <cstdint>

namespace heepstor::sim {

// What is observed of the SoC in one clock cycle.
struct Observation {
  bool retired;  // an instruction retired
  bool active;   // the CPU wrote, or the engine used the memory
  std::uint32_t pc;
};

// A hang: for a number of cycles nothing was written or moved, and the program counter stayed
// within a few instructions (a loop that waits, or wfi without an interrupt).
class HangDetector {
 public:
  explicit HangDetector(std::uint64_t limit) : limit_(limit) {}

  // Takes one cycle; returns true once the program hangs.
  bool Step(const Observation& seen) {
    if (seen.active) {
      Restart(seen.pc);
    } else if (seen.retired) {
      low_ = std::min(low_, seen.pc);
      high_ = std::max(high_, seen.pc);
      if (high_ - low_ > kLoopBytes) Restart(seen.pc);
    }
    return ++quiet_ == limit_;
  }

 private:
  // Size of loops in which a program waits: load, test, branch, perhaps wfi.
  static constexpr std::uint32_t kLoopBytes = 64;

  void Restart(std::uint32_t pc) {
    quiet_ = 0;
    low_ = high_ = pc;
  }

  std::uint64_t limit_;
  std::uint64_t quiet_ = 0;
  std::uint32_t low_ = UINT32_MAX;
  std::uint32_t high_ = 0;
};

}  // namespace heepstor::sim
