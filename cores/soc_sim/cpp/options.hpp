// Copyright HEEPstor contributors.
// SPDX-License-Identifier: Apache-2.0

// The command line of the simulator.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace heepstor::sim {

// What the user asked for.
struct Options {
  std::string firmware;          // may be empty with the loader
  bool loader = false;           // the boot ROM takes programs from the serial line
  std::string trace;             // FST file; empty: no waveform
  std::string stats;             // JSON file; empty: none
  std::string uart_input;        // file sent to the SoC's serial line, "-" for standard input
  std::string uart_pty;          // link to a pseudo-terminal to make; empty: none
  std::uint64_t max_cycles = 0;  // 0: no limit
  std::uint64_t hang_cycles = 2'000'000;  // 0: never a hang
  std::optional<std::uint16_t> jtag;      // TCP port of the JTAG pins; 0: a free one
  std::uint32_t seed = 0;                 // of the junk in memories and registers
  bool help = false;
};

// A user's mistake, with the message.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Parses the arguments; throws UserError for an invalid one.
Options ParseOptions(int argc, const char* const* argv);

// The text that --help prints.
extern const char* const kHelp;

}  // namespace heepstor::sim
