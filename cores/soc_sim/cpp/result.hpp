// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// How a simulation ended, as text and as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "elf.hpp"

namespace heepstor::sim {

enum class End { kExit, kMaxCycles, kHang, kInterrupted };

struct Result {
  End end = End::kExit;
  std::uint32_t program_exit_code = 0;  // only for kExit
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
  double wall_seconds = 0;
  std::uint32_t pc = 0;
  bool sleeping = false;

  // The simulator's own exit code (see kHelp).
  int ExitCode() const;
};

// Prints how the simulation ended to standard error.
void Report(const Result& result, const Elf& elf);

// Writes the statistics as JSON; throws UserError if the file can't be written.
void WriteStatistics(const Result& result, const Elf& elf, std::uint32_t seed,
                     const std::string& path);

}  // namespace heepstor::sim
